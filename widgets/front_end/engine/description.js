// What Python sends, as types: the twin of widgets/description_types.py, with which
// tests/test_description.py compares it field by field.

/**
 * A number within a sentence, [block, format]; everything else of it is text.
 * @typedef {(string|[string, string])[]} Pieces
 */

/**
 * A corner of an address: [row, what is added to it, column, what is added to it], where "i" and
 * "j" are the cell's own place, "last" the last row of data, and "" nothing.
 * @typedef {[number, ""|"i"|"last", number, ""|"j"]} Corner
 */

/**
 * A formula's text, with addresses in it: [worksheet or "", corner, the other corner or null].
 * @typedef {(string|[string, Corner, Corner|null])[]} Excel
 */

/**
 * A place in mathematics for a number: [block or "" for a place's own number, row, column, whether
 * a negative number needs brackets].
 * @typedef {[string, number|string, number|string, boolean?]} Slot
 */

/**
 * @typedef {Object} Description
 * @property {string} name
 * @property {string} title
 * @property {number} rows of data; 0 where the sheet has none
 * @property {number} mostRows of data that a sheet takes
 * @property {number} mostSteps that a page, a link or Python takes
 * @property {number} fewestRows with which mathematics of the last row can be written
 * @property {string} program the source of a function of the number of rows; returns a Program
 * @property {Object<string, string>} carried input to the block that it takes at the next step
 * @property {string} ends the block that is not 0 where a run ends, or ""
 * @property {string} look the computed block that is selected at first, or ""
 * @property {Object<string, Role>} roles
 * @property {Block[]} blocks in the order in which they are computed
 * @property {Group[]} groups
 * @property {Chart[]} charts
 * @property {string[]} remembered blocks whose earlier steps charts show
 * @property {Pieces} opening what who teaches says at first
 * @property {Pieces} introduction what is read at first
 * @property {Scene} scene of the introduction
 * @property {Preset[]} presets
 * @property {Prediction[]} predictions
 * @property {Exercise[]} exercises
 * @property {Sentence[]} sentences
 */

/**
 * @typedef {Object} Role
 * @property {string} colour of lines, marks and text
 * @property {string} tint of cells
 * @property {string} mark
 * @property {string} meaning
 */

/**
 * A row or column that a cell reads: "i" and "j" are its own, null: all; of a window [symbol,
 * times, plus, count].
 * @typedef {number|string|null|[string, number, number, number]} Read
 */

/**
 * A block. One with a `value` is an input; one with `excel` has a formula; an input may have both.
 * What says nothing (no step, no choices of its own) is left out.
 * @typedef {Object} Block
 * @property {string} name
 * @property {string} label
 * @property {string} words the label as running text has it
 * @property {string} note
 * @property {string} role
 * @property {string} format
 * @property {[number|"rows", number]} shape "rows": as many as there are rows of data
 * @property {[string, number, number]} address worksheet, column from 0, row from 1
 * @property {string[]} [rowsNamed] what its rows are called, where they have names
 * @property {string[]} [columnsNamed]
 * @property {"grey"|"heat"} [shown] as a picture
 * @property {[number, number]} [shownRange] of the picture; none: its own
 * @property {boolean} [blank] whether its cells may be empty
 * @property {boolean} [endless] whether an infinity in it stands for what is left out
 * @property {(number|null)[]|null} [value] row by row, null for an empty cell; or null while the
 *   input's formula is in force
 * @property {string} [allowed] what may be typed, in words
 * @property {number|null} [low]
 * @property {number|null} [high]
 * @property {boolean} [whole]
 * @property {string[]} [choices] names of 0, 1, ...; of most inputs none
 * @property {string} [chosenBy] the choice that gives this input its formula back
 * @property {boolean} [control] whether it is a setting, with a slider or a list
 * @property {string} [scale] of a setting: linear or log
 * @property {number} [smallest] the least number above 0 on a log scale
 * @property {number} [step] of the slider
 * @property {boolean} [isSize] whether shapes are made of it
 * @property {string} [equation] of the whole block, where it says more than a cell's
 * @property {string} [cellEquation] MathML
 * @property {Cell[]} [branches] of a formula that chooses between others
 * @property {[string, Read, Read][]} [reads] cells that a cell reads, [block, row, column]
 * @property {Excel} [excel]
 * @property {string} [numbers] MathML with slots for numbers
 * @property {Slot[]} [slots]
 */

/**
 * A cell of a block, or one branch of it.
 * @typedef {Object} Cell
 * @property {Excel} [excel]
 * @property {string} [numbers] MathML with slots for numbers
 * @property {Slot[]} [slots]
 */

/**
 * @typedef {Object} Group
 * @property {string} title
 * @property {string} note
 * @property {boolean} folded
 * @property {string[]} blocks
 */

/**
 * @typedef {Object} Chart
 * @property {string} title
 * @property {string} note
 * @property {Axis} x
 * @property {Axis} y
 * @property {Series[]} series
 * @property {Contour|null} contour
 * @property {boolean} adds whether a click where nothing stands adds a row of data
 * @property {boolean} equal whether a unit is as long across as up
 */

/**
 * @typedef {Object} Axis
 * @property {string} title
 * @property {any} low a number, a block of one, or null: as far as what is drawn goes
 * @property {any} high
 * @property {string} scale linear or log
 * @property {string[]} names words in place of the numbers 0, 1, 2, ...; none: numbers
 * @property {boolean} follows where numbers lie beyond low and high, the axis goes where they are
 */

/**
 * @typedef {Object} Series
 * @property {string} x
 * @property {string} y
 * @property {string} label
 * @property {string} mode lines, markers, bars or segments
 * @property {string} role
 * @property {string} to the block to which segments run, or ""
 * @property {boolean} steps whether it has a point a step
 * @property {number} ghosts faint copies of earlier steps, at most
 * @property {string} drag "", x, y, xy or draw
 * @property {number|null} absent the x that stands for no marker
 */

/**
 * @typedef {Object} Contour
 * @property {string} x
 * @property {string} y
 * @property {string} z
 * @property {string} label
 * @property {string} levels linear or log
 */

/**
 * What stands on the stage in a step of the story.
 * @typedef {Object} Scene
 * @property {string[]} controls
 * @property {number[]} charts their places
 * @property {string[]} pictures blocks shown as one
 * @property {string[]} cells blocks side by side
 * @property {[string, number|string, number]|null} look block, row from 0 or the block that tells
 *   it from 1, column
 * @property {string[]} numbers blocks of one number, shown large
 * @property {string[]} asks blocks that are kept back until the move
 * @property {number} play the step at which playing stops; 0: nowhere
 */

/**
 * @typedef {Object} Preset
 * @property {string} title
 * @property {string} predict the question to answer before it, or ""
 * @property {Pieces} notes
 * @property {Pieces} happened after it
 * @property {Pieces} why
 * @property {Pieces} says the step's own sentence, in place of the sheet's
 * @property {Scene} scene
 * @property {Object<string, (number|null)[]>} inputs null: an empty cell
 */

/**
 * @typedef {Object} Prediction
 * @property {string} question
 * @property {number} tolerance what counts as right: a part of the answer, or of the chart's axis
 * @property {Pieces} reason
 * @property {string} block of one number, or ""
 * @property {number} chart its place, where a series is drawn instead; else -1
 * @property {number} series its place on that chart, or -1
 * @property {number|null} preset its place, or null for the page as it stands
 * @property {number} steps after it
 */

/**
 * @typedef {Object} Exercise
 * @property {string} task
 * @property {Pieces} solved told where it is done
 * @property {number|null} preset its place: where it begins; null: as the sheet starts
 * @property {string} answer the block of one number that is typed; "": a state is reached
 * @property {number} tolerance of what is typed, as a part of the answer
 * @property {[string, string, string|number][]} reached left, relation, right: a block, step, or a
 *   number
 * @property {Object<string, number[]>} way inputs which, with so many steps more, do it
 * @property {number} steps
 */

/**
 * @typedef {Object} Sentence
 * @property {Pieces} pieces
 */

/**
 * @typedef {null|((x: number, y: number, k: number) => Object<string, number>)} Move the
 *   inputs that dragging marker k of a series to (x, y) sets, or null where it cannot be dragged
 */

/**
 * What a sheet computes, for one number of rows. Numbers of a block stand row by row.
 * @typedef {Object} Program
 * @property {Object<string, Float64Array>} blocks
 * @property {Float64Array} said for each sentence, whether it holds
 * @property {Object<string, boolean>} follows whether an input's formula is in force
 * @property {Object<string, number[]>} affects the formulas that follow from an input
 * @property {Move[][]} moves of each chart's series
 * @property {Object<string, (row: number, column: number) => number>} branches the one in force
 * @property {(chosen?: number[]) => void} run computes all formulas, or these
 * @property {() => void} step
 */

/**
 * A worksheet of the workbook that lies in a static page, as widgets/packed_workbook.py describes
 * it: what State needs of a description, and where things stand.
 * @typedef {Object} Part
 * @property {string} name
 * @property {number} rows
 * @property {string} program
 * @property {Object<string, string>} carried
 * @property {string} ends
 * @property {string[]} remembered
 * @property {PartBlock[]} blocks
 * @property {PartGroup[]} groups
 * @property {PartSentence[]} sentences
 * @property {[string, number]} said the worksheet of the sentences, and the first one's row, from 1
 * @property {string} worksheet
 * @property {Head|null} head
 * @property {number} spare empty rows below a table of data
 * @property {Excel} check what says whether a table was edited so that its numbers are not right
 * @property {Object<string, string>} follows input to the main sheet's block that it repeats
 * @property {number} formulas
 * @property {Steps|null} steps
 */

/**
 * @typedef {Object} PartBlock
 * @property {string} name
 * @property {[number|"rows", number]} shape
 * @property {[string, number, number]} address
 * @property {(number|null)[]|null} [value]
 * @property {Excel} [excel]
 * @property {boolean} [linked] whether it repeats a block of the main sheet
 * @property {[string, number, number]} [word] where a word is chosen: worksheet, column and row
 * @property {string[]} [choices]
 * @property {boolean} [infinite] whether infinite is a number that it may have
 * @property {boolean} [endless] whether an infinity in it stands for what is left out
 * @property {boolean} [blank] whether its cells may be empty
 * @property {boolean} [gap] whether a chart draws it, and such a cell is a gap
 * @property {Excel} [inSpare] the formula in the empty rows below a table of data
 * @property {boolean} [repeats] whether these repeat the last row, for a chart
 */

/**
 * @typedef {Object} PartGroup
 * @property {string[]} blocks
 */

/**
 * @typedef {Object} PartSentence
 * @property {Pieces} pieces
 * @property {Excel} excel
 */

/**
 * Where a run's steps stand; rows are counted from 1.
 * @typedef {Object} Steps
 * @property {string} worksheet
 * @property {number} stillRow
 * @property {number} firstRow
 * @property {[string, number][]} still block and column
 * @property {[string, number][]} row block and column
 * @property {number} formulas of one step
 * @property {string[]} held inputs whose formula moves with the steps until they are typed over
 */

/**
 * @typedef {Object} PartPreset
 * @property {string} title
 * @property {string} asked
 * @property {Object<string, (number|null)[]|null>} inputs row by row; null: a formula is in force
 * @property {Pieces} told nothing where a workbook does not compare its inputs
 * @property {number} play
 */

/**
 * The top of the first worksheet; rows are counted from 1.
 * @typedef {Object} Head
 * @property {number} asked row of the story's step
 * @property {number} question
 * @property {number} said
 * @property {number} step row of the step that is shown; 0: there is none
 * @property {[string, number][]} large block and row
 * @property {[string, string, number, number][]} now block, worksheet, column and row
 * @property {number} checkRow of the worksheet Story: what is wrong with a table
 * @property {number} storyRow
 * @property {Object<string, (number|null)[]|null>} defaults of inputs that a preset does not set
 * @property {PartPreset[]} story
 */

/**
 * @typedef {Object} Workbook
 * @property {string} [refusal] why the page carries none
 * @property {Object<string, string>} [parts] the archive's files
 * @property {Part[]} [sheets] the main one first
 * @property {number} [steps] that the workbook holds: 1 or 0
 * @property {number} [mostFormulas]
 */
