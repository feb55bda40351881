/*
 * The program every peer supervises in a benchmark. It has no libc, so that its own start costs next to nothing.
 *
 *   child idle  FIFO INDEX GENERATION                        announce, then wait for a signal
 *   child flood FIFO INDEX GENERATION GATE LINES             wait at the gate, write LINES as fast as the pipe takes them
 *   child lines FIFO INDEX GENERATION GATE LINES PER_SECOND  the same at a steady pace: ten lines at once, a write each
 *
 * An announcement is one 32-byte record written to FIFO: pid, index, generation, kind (1 executing, 2 writing, 3 all
 * written), the monotonic clock and the process's own CPU time, both in nanoseconds. A line is 100 bytes: a sequence
 * number of 12 digits, a space, filler and a newline. GATE is a FIFO: opening it blocks until somebody opens it to write.
 */
typedef unsigned int u32;
typedef long long i64;

enum { LINE = 100, DIGITS = 12, PER_CHUNK = 655, BURST = 10 };

#if defined(__x86_64__)
enum { NR_read = 0, NR_write = 1, NR_getpid = 39, NR_clock_gettime = 228, NR_clock_nanosleep = 230,
       NR_exit_group = 231, NR_openat = 257, NR_ppoll = 271 };

static long call(long n, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	long r;
	__asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
	return r;
}

__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall begin\n");
#elif defined(__aarch64__)
enum { NR_openat = 56, NR_read = 63, NR_write = 64, NR_ppoll = 73, NR_exit_group = 94, NR_clock_gettime = 113,
       NR_clock_nanosleep = 115, NR_getpid = 172 };

static long call(long n, long a, long b, long c, long d)
{
	register long x8 __asm__("x8") = n;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
	return x0;
}

__asm__(".globl _start\n_start:\n\tmov x0, sp\n\tb begin\n");
#else
#error "no system calls known for this processor"
#endif

struct record { u32 pid, index, generation, kind; i64 at, cpu; };
struct timespec { i64 sec, nsec; };
enum { MONOTONIC = 1, PROCESS_CPU = 2, ABSOLUTE = 1, AT_CWD = -100, WRITE_ONLY = 1, INTERRUPTED = -4 };

static struct record self;
static long fifo;

static void die(int status)
{
	call(NR_exit_group, status, 0, 0, 0);
}

static i64 clock(long which)
{
	struct timespec t;
	call(NR_clock_gettime, which, (long)&t, 0, 0);
	return t.sec * 1000000000 + t.nsec;
}

static void put(long fd, const char *p, long n)
{
	while (n > 0) {
		long w = call(NR_write, fd, (long)p, n, 0);
		if (w == INTERRUPTED)
			continue;
		if (w < 0)
			die(3);
		p += w;
		n -= w;
	}
}

static void announce(u32 kind)
{
	self.kind = kind;
	self.at = clock(MONOTONIC);
	self.cpu = clock(PROCESS_CPU);
	put(fifo, (const char *)&self, sizeof self);
}

static i64 number(const char *s)
{
	i64 n = 0;
	for (; *s >= '0' && *s <= '9'; s++)
		n = n * 10 + (*s - '0');
	return n;
}

/* advance adds step to the 12 digits at p. */
static void advance(char *p, int step)
{
	int i;
	for (i = DIGITS - 1; step > 0 && i >= 0; i--) {
		step += p[i] - '0';
		p[i] = (char)('0' + step % 10);
		step /= 10;
	}
}

/* fill prepares n lines, numbered from 0, at p. */
static void fill(char *p, int n)
{
	int i, j;
	for (i = 0; i < n; i++, p += LINE) {
		for (j = 0; j < LINE; j++)
			p[j] = j < DIGITS ? '0' : j == DIGITS ? ' ' : 'x';
		p[LINE - 1] = '\n';
		advance(p, i);
	}
}

static char chunk[LINE * PER_CHUNK];

static void flood(i64 lines)
{
	int i;
	fill(chunk, PER_CHUNK);
	while (lines > 0) {
		int n = lines < PER_CHUNK ? (int)lines : PER_CHUNK;
		put(1, chunk, (long)n * LINE);
		for (i = 0; i < n; i++)
			advance(chunk + i * LINE, PER_CHUNK);
		lines -= n;
	}
}

static void pace(i64 lines, i64 per_second)
{
	i64 step = 1000000000 / per_second * BURST;
	i64 next = clock(MONOTONIC) + step * (self.index % 100) / 100;
	int i;
	fill(chunk, 1);
	for (; lines > 0; next += step) {
		struct timespec t = { next / 1000000000, next % 1000000000 };
		while (call(NR_clock_nanosleep, MONOTONIC, ABSOLUTE, (long)&t, 0) == INTERRUPTED)
			;
		for (i = 0; i < BURST && lines > 0; i++, lines--) {
			put(1, chunk, LINE);
			advance(chunk, 1);
		}
	}
}

__attribute__((used)) void begin(long *stack)
{
	long argc = stack[0];
	char **argv = (char **)(stack + 1);

	if (argc < 5)
		die(2);
	fifo = call(NR_openat, AT_CWD, (long)argv[2], WRITE_ONLY, 0);
	if (fifo < 0)
		die(2);
	self.pid = (u32)call(NR_getpid, 0, 0, 0, 0);
	self.index = (u32)number(argv[3]);
	self.generation = (u32)number(argv[4]);
	announce(1);
	if (argv[1][0] == 'i' || argc < 7)
		for (;;)
			call(NR_ppoll, 0, 0, 0, 0);
	if (call(NR_openat, AT_CWD, (long)argv[5], 0, 0) < 0)
		die(2);
	announce(2);
	if (argv[1][0] == 'l' && argc > 7)
		pace(number(argv[6]), number(argv[7]));
	else
		flood(number(argv[6]));
	announce(3);
	die(0);
}
