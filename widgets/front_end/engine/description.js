// What Python sends, as types: the twin of widgets/description.py.
