// What scripts of ours and of others put on the window.
interface Window {
  define?: unknown; // a module loader's, under Jupyter
  Plotly?: any; // plotly.js
  _JUPYTERLAB?: Record<string, unknown>; // Voila's extensions
  watchPainting: unknown; // of benchmarks/stopwatch.js, as the next two
  watchUpdates: unknown;
  watchOpening: unknown;
}
