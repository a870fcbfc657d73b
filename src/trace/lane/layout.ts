/** What lies where in the lane's memory: shared by assembly.ts, inside, and by lane.ts, outside. */

/** A longer line, its end not counted, is no trace: the kernel formats one in a page or two. */
export const MAX_LINE = 65536;

/** Why the lane stopped. */
export const ALL_DONE = 0;
export const STOP = 1;
export const ASK = 2;
export const KEPT = 3;
export const RUN = 4;
export const TURN = 5;
export const SWITCH = 6;

/** Kind.open, Kind.leaf and Kind.close of ../kinds.ts. */
export const KIND_OPEN = 1;
export const KIND_LEAF = 2;
export const KIND_CLOSE = 3;

/** What the sink wants: the names counted, each kept line, runs of kept lines. */
export const MODE_NAMES = 1;
export const MODE_EACH = 2;
export const MODE_RUNS = 4;
/** The bytes of kept lines, gathered in place. */
export const MODE_GATHER = 8;

/** The form of lines that is expected, set from outside. */
export const HEAD_LENGTH = 0;
export const FLAGS_LENGTH = 4;
export const CLOCK = 8;
export const DURATION = 12;
export const SOLID_DEPTH = 16;
export const ALL_DEPTHS = 0x7fffffff;
export const CLEAR = 20;
export const MODE = 24;

/** Read and written on both sides. */
export const RUN_FROM = 28;

/** Why lines below SOLID_DEPTH are dropped. */
export const SOLID_CAUSE = 32;
/** Codes by context, for lines deeper than FRAME_DEPTH: ASK_CODE, KEEP_CODE, or DROP_CODE + cause. */
export const FRAME_DEPTH = 100;
/** Four bytes, for the contexts from CONTEXT_TASK on. */
export const CONTEXTS = 104;
export const CONTEXT_TASK = 1;
export const ASK_CODE = 0;
export const KEEP_CODE = 1;
export const DROP_CODE = 2;

/** What a call of the lane has found. */
export const LINES = 36;
export const AT = 40;
export const KIND = 44;
export const CONTEXT = 48;
export const DEPTH = 52;
export const NAME_FROM = 56;
export const NAME_TO = 60;
export const NEXT = 64;
/** How many names have been counted. */
export const NAMES = 68;
/** Blank lines and rules passed over. */
export const MARKERS = 72;
/** The head at hand, -1 where it is not known; read and written on both sides. */
export const HEAD_ID = 76;
/** Lines of the head at hand since the lane was entered or turned by itself. */
export const HEAD_COUNT = 80;
/** Of a switch: the CPU, and the task that runs from there on. */
export const SWITCH_CPU = 84;
export const SWITCH_TID = 88;
/** Where gathered bytes end; read and written on both sides. */
export const KEPT_TO = 92;
/** Where the run of RUN ends. */
export const RUN_TO = 112;
/** The number of a suspect name, NO_SUSPECT, or LOOK where a suffix stands behind one. */
export const SUSPECT = 116;
export const NO_SUSPECT = -1;
export const LOOK = -2;
/** The head of TURN. */
export const TURN_TO = 96;

export const HEAD = 256;
export const MAX_HEAD = 256;
/** Sixteen bytes of ones, then sixteen of zeros: any tail of a vector can be blanked with one load. */
export const TAIL_MASKS = 512;
/** Tables of 256 bytes, one for each class of characters. */
export const CLASS_DIGIT = 1024;
export const CLASS_IRQS_OFF = 1280;
export const CLASS_NEED_RESCHED = 1536;
export const CLASS_CONTEXT = 1792;
export const CLASS_DEPTH_CHAR = 2048;
export const CLASS_MARK = 2304;
export const CLASS_DURATION = 2560;
export const CLASS_NAME_START = 2816;
/** Suspect names, to be found by the upper bits of their hash: a byte each, the name's number + 1. */
export const SUSPECTS = 4096;
export const SUSPECTS_LOG2 = 13;
export const MAX_SUSPECTS = 255;
/** Where a name is put to be made suspect. */
export const SCRATCH = 768;
export const MAX_SUSPECT_NAME = 64;
/** Their bytes, 64 for each, zeros behind a shorter name. */
export const SUSPECT_NAMES = 31096832;
/** Heads seen before: length and 60 bytes for each of the first 256, and slots to find them by. */
export const KNOWN_HEADS = 12288;
export const MAX_KNOWN_HEADS = 256;
export const MAX_KNOWN_HEAD = 60;
export const HEAD_SLOTS = 28672;
export const HEAD_SLOTS_LOG2 = 9;
/** One byte for each known head: the gate would be wide open behind a turn to it. */
export const HEAD_CLEAR = 30720;
/** Lines counted for each known head when the lane turned away from it by itself. */
export const HEAD_LINES = 31744;

/** Names: a table of slots for up to 4,096 of them, and one for as many as there can be. */
export const SLOTS = 32768;
export const SLOTS_LOG2 = 13;
/** The bytes to be scanned. */
export const BUFFER = 65600;
export const BUFFER_LENGTH = 393216;
export const BIG_SLOTS = 458752;
export const BIG_SLOTS_LOG2 = 20;
/** No kernel has as many functions. */
export const MAX_NAMES = 400000;
/** Hash, place in the arena, length, and a word unused, sixteen bytes for each name. */
export const ENTRIES = 4653056;
export const COUNTS = 11053056;
export const ARENA = 14253056;
export const MAX_ARENA = 16777216;
/** For each known head the code of the open function at each of 256 depths, ASK_CODE where none was seen. */
export const VERDICTS = 31030272;
export const DEPTHS = 256;
/** Lines dropped, by cause. */
export const DROPPED_BY = 31095808;
export const CAUSES = 256;
export const PAGES = 476;
