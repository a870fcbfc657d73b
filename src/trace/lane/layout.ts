/** What lies where in the lane's memory: shared by assembly/, inside, and by lane.ts, outside. */

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
export const FULL = 7;

/** Kind.open, Kind.leaf, Kind.close and Kind.event of ../kinds.ts. */
export const KIND_OPEN = 1;
export const KIND_LEAF = 2;
export const KIND_CLOSE = 3;
export const KIND_EVENT = 4;

/** Context of ../kinds.ts. */
export const CONTEXT_NONE = 0;
export const CONTEXT_TASK = 1;
export const CONTEXT_SOFTIRQ = 2;
export const CONTEXT_HARDIRQ = 3;
export const CONTEXT_NMI = 4;

/** What the sink wants: the names counted, each kept line, runs of kept lines. */
export const MODE_NAMES = 1;
export const MODE_EACH = 2;
export const MODE_RUNS = 4;
/** The bytes of kept lines, gathered in place. */
export const MODE_GATHER = 8;
/** To be told of every change of task. */
export const MODE_TASKS = 16;

/** Verdicts on lines: none, so that somebody must be asked, kept, or dropped plus the cause. */
export const ASK_CODE = 0;
export const KEEP_CODE = 1;
export const DROP_CODE = 2;
/** Who judges: one of the first two verdicts is given to all lines, or assembly/regions.ts judges. */
export const JUDGE_REGIONS = 2;

/** The form of lines that is expected, set from outside. */
export const HEAD_LENGTH = 0;
export const FLAGS_LENGTH = 4;
export const CLOCK = 8;
export const DURATION = 12;
export const JUDGING = 16;
export const MODE = 20;

/** Read and written on both sides. */
export const RUN_FROM = 24;

/** What a call of the lane has found. */
export const LINES = 28;
export const AT = 32;
export const KIND = 36;
export const CONTEXT = 40;
export const DEPTH = 44;
export const NAME_FROM = 48;
export const NAME_TO = 52;
export const NEXT = 56;
/** How many names have been counted. */
export const NAMES = 60;
/** Blank lines and rules passed over, and switches that nobody wants to be told of. */
export const MARKERS = 64;
/** The head at hand, MAX_KNOWN_HEADS where it is not known; read and written on both sides. */
export const HEAD_ID = 68;
/** Of a switch: the CPU, and the task that runs from there on. */
export const SWITCH_CPU = 72;
export const SWITCH_TID = 76;
/** Where gathered bytes end; read and written on both sides. */
export const KEPT_TO = 80;
/** Where the run of RUN ends. */
export const RUN_TO = 84;
/** The head of TURN. */
export const TURN_TO = 88;
/** Where what nobody wants to know is counted. */
export const NOT_COUNTED = 112;
/** How many bodies are known. */
export const BODY_COUNT = 92;
/** Of assembly/regions.ts: lines whose context is not known, and returns that never came, 64 bits each. */
export const UNATTRIBUTED = 96;
export const RESYNCHRONISED = 104;

export const HEAD = 256;
export const MAX_HEAD = 256;
/** Deeper than any line. */
export const ALL_DEPTHS = 0x7fffffff;
/** 48 bytes of ones, then 48 of zeros: any tail of three vectors can be blanked with a load for each. */
export const TAIL_MASKS = 512;
/** A vector of each. */
export const NEWLINES = 608;
export const SPACES = 624;
/** Tables of 256 bytes, one for each class of characters. */
export const CLASS_DIGIT = 1024;
export const CLASS_IRQS_OFF = 1280;
export const CLASS_NEED_RESCHED = 1536;
export const CLASS_CONTEXT = 1792;
export const CLASS_DEPTH_CHAR = 2048;
export const CLASS_MARK = 2304;
export const CLASS_DURATION = 2560;
export const CLASS_NAME_START = 2816;
/** Roots, to be found by the upper bits of their names' hash: a byte each, the root's number + 1. */
export const ROOT_SLOTS = 4096;
export const ROOT_SLOTS_LOG2 = 13;
/** Heads seen before: length and 60 bytes for each of the first 256, and slots to find them by. */
export const KNOWN_HEADS = 12288;
export const MAX_KNOWN_HEADS = 256;
export const MAX_KNOWN_HEAD = 60;
export const HEAD_SLOTS = 28672;
export const HEAD_SLOTS_LOG2 = 9;
/** Lines of each known head, and of one that is not known. */
export const HEAD_LINES = 30720;

/** Names: a table of slots for up to 4,096 of them, and one for as many as there can be. */
export const SLOTS = 32768;
export const SLOTS_LOG2 = 13;
/** The bytes to be scanned and, before the first of them, the roots for addRoots(). */
export const BUFFER = 65600;
export const BUFFER_LENGTH = 393216;
export const BIG_SLOTS = 458752;
export const BIG_SLOTS_LOG2 = 19;
/** No kernel has as many functions. */
export const MAX_NAMES = 400000;
/** Hash, place in the arena, length, and a word unused, sixteen bytes for each name. */
export const ENTRIES = BIG_SLOTS + (4 << BIG_SLOTS_LOG2);
export const COUNTS = ENTRIES + 16 * MAX_NAMES;
export const ARENA = COUNTS + 8 * MAX_NAMES;
/** Room for 32 bytes of each. */
export const MAX_ARENA = 13631488;
/** The CPU and the tid of each known head, 64 bits each. */
export const HEAD_CPUS = ARENA + MAX_ARENA;
export const HEAD_TIDS = HEAD_CPUS + 8 * MAX_KNOWN_HEADS;
/** What is known of the CPU of each known head, 0 where the head has not been entered. */
export const HEAD_STATES = HEAD_TIDS + 8 * MAX_KNOWN_HEADS;

/** Lines dropped, 64 bits for each cause: the roots by their number, then what is no root. */
export const DROPPED = HEAD_STATES + 4 * MAX_KNOWN_HEADS;
export const CAUSES = 253;
export const MAX_ROOTS = 248;
export const OTHER_TASK = 248;
export const NOT_ATTRIBUTED = 249;
export const HARDIRQ_FLAG = 250;
export const SOFTIRQ_FLAG = 251;
export const NMI_FLAG = 252;
export const NO_ROOT = -1;

/** The roots' names, 64 bytes for each, zeros behind a shorter one, and their roles, a byte for each. */
export const ROOT_NAMES = DROPPED + 8 * 256;
export const MAX_ROOT_NAME = 64;
export const ROLES = ROOT_NAMES + MAX_ROOT_NAME * 256;
/** The roles of ../../context/roots.ts; none is a newline. */
export const ROLE_ENTER = 0;
export const ROLE_EXIT = 1;
export const ROLE_HANDLER = 2;
export const ROLE_INTERRUPT = 3;
export const ROLE_NMI = 4;
export const ROLE_TAIL = 5;
export const ROLE_SOFTIRQ = 6;
export const ROLE_SOFTIRQ_BODY = 7;
export const ROLE_SOFTIRQ_CALL = 8;
export const ROLE_SOFTIRQ_STACK = 9;

/** The tids that are wanted, if not all: slots of 64 bits, the tid + 1. */
export const TIDS = ROLES + 256;
export const TIDS_LOG2 = 17;
export const MAX_TIDS = 65536;

/**
 * What is known of each CPU (of each task, where the text names no CPU), and slots to find it by. No
 * kernel has more CPUs; when there are more all the same, all but the one at hand are forgotten.
 */
export const STATE_SLOTS = TIDS + (8 << TIDS_LOG2);
export const STATE_SLOTS_LOG2 = 14;
export const MAX_STATES = 8192;
export const STATES = STATE_SLOTS + (4 << STATE_SLOTS_LOG2);
/**
 * CPU or task, the tid at hand, the place of the innermost region, whether the context is known and the task
 * wanted, and what follows for most lines.
 */
export const STATE_KEY = 0;
export const STATE_TID = 8;
export const STATE_TOP = 16;
export const STATE_KNOWN = 20;
export const STATE_WANTED = 21;
export const STATE_CLEAR = 22;
export const STATE_SOLID_CAUSE = 23;
export const STATE_SOLID_DEPTH = 24;
/** Open regions, the first a stop. A context that more of them nest in is not known any more. */
export const STATE_REGIONS = 32;
export const MAX_REGIONS = 40;
/** With flags, the verdict on the open function at each depth, ASK_CODE where none was seen. */
export const STATE_VERDICTS = STATE_REGIONS + 8 * (MAX_REGIONS + 1);
export const DEPTHS = 256;
export const STATE_SIZE = STATE_VERDICTS + DEPTHS;

/**
 * What stands in lines behind the indent, seen before: for each body three vectors with zeros behind it,
 * its length, and where it is counted; and slots of 16 bits to find it by: few, so that they and what is
 * seen often stay in a processor's first cache.
 */
export const BODIES = (STATES + MAX_STATES * STATE_SIZE + 127) & ~127;
export const MAX_BODIES = 4096;
export const MAX_BODY = 48;
export const BODY_LENGTH = 48;
/** In the length: a line with this body is not kept unasked, for it is a root's or was never kept before. */
export const ASKED = 256;
export const BODY_COUNTER = 52;
/** What becomes of the verdict at its depth: what is left of it, what is set, and all ones for a return. */
export const BODY_LEAVES = 56;
export const BODY_SETS = 57;
export const BODY_RETURNS = 58;
export const BODY_KIND = 59;
export const BODY_ROOT = 60;
/** How many of the first bytes are the name. */
export const BODY_NAME = 62;
export const BODY_SIZE = 64;
export const BODY_SLOTS = BODIES + BODY_SIZE * MAX_BODIES;
export const BODY_SLOTS_LOG2 = 14;
/** Columns of flags that are known, 64 bits each, and how wide they are. */
export const FLAGS_SLOTS = BODY_SLOTS + (2 << BODY_SLOTS_LOG2);
export const USUAL_FLAGS = 9;
/** A clock column, and of each of its bytes whether it may be anything, or any digit. */
export const CLOCK_TEXT = FLAGS_SLOTS + 512;
export const MAX_CLOCK = 32;
export const CLOCK_FREE = CLOCK_TEXT + MAX_CLOCK;
export const CLOCK_DIGITS = CLOCK_FREE + MAX_CLOCK;
/** What was foreseen where the lines of each head were left, and of one that is not known. */
export const HEAD_INDENTS = CLOCK_DIGITS + MAX_CLOCK;

/** Of 64 KiB. Well below 512: V8 collects garbage at once when buffers outside its heap take 32 MiB. */
export const PAGES = 494;
