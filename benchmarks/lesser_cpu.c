/* A lesser processor for one command: every library that asks CPUID what the processor can do is told less.

       gcc -O2 -shared -fPIC benchmarks/lesser_cpu.c -o /tmp/lesser_cpu.so
       LD_PRELOAD=/tmp/lesser_cpu.so LESSER_CPU=avx512_vnni python -m benchmarks.rerank_speed MODEL --clock cpu

   LESSER_CPU   avx512_vnni   AVX-512 with VNNI, without bf16
                avx_vnni      AVX2 with VNNI
                avx2          AVX2 alone

   Linux on x86-64, on a processor whose /proc/cpuinfo lists cpuid_fault and what is asked for. That file still lists
   every flag: where Second Pass reads it, name the backend instead (`--variant`). */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define ARCH_SET_CPUID 0x1012
#define BIT(n) (1u << (n))

static int no_avx512, no_avx_vnni;

static long answer_cpuid(int on) { return syscall(SYS_arch_prctl, ARCH_SET_CPUID, on); }

static void on_fault(int number, siginfo_t *info, void *context) {
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    const unsigned char *code = (const unsigned char *)registers[REG_RIP];
    unsigned leaf = registers[REG_RAX], part = registers[REG_RCX], a, b, c, d;
    (void)info;
    if (registers[REG_TRAPNO] != 13 || code[0] != 0x0f || code[1] != 0xa2) { /* a fault of the program's own */
        signal(number, SIG_DFL);
        return;
    }
    answer_cpuid(1);
    __asm__ volatile("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(leaf), "c"(part));
    answer_cpuid(0);
    if (leaf == 7 && part == 0) {
        d &= ~(BIT(22) | BIT(23) | BIT(24) | BIT(25)); /* AMX, AVX512-FP16 */
        if (no_avx512) {
            b &= ~(BIT(16) | BIT(17) | BIT(21) | BIT(26) | BIT(27) | BIT(28) | BIT(30) | BIT(31));
            c &= ~(BIT(1) | BIT(6) | BIT(11) | BIT(12) | BIT(14));
            d &= ~(BIT(2) | BIT(3) | BIT(8));
        }
    }
    if (leaf == 7 && part == 1) {
        a &= ~(BIT(5) | BIT(21)); /* AVX512-BF16, AMX-FP16 */
        if (no_avx_vnni) a &= ~BIT(4);
        d &= ~(BIT(4) | BIT(5) | BIT(8) | BIT(10) | BIT(19)); /* AVX-VNNI-INT8 and -INT16, NE-CONVERT, AVX10 */
    }
    registers[REG_RAX] = a, registers[REG_RBX] = b, registers[REG_RCX] = c, registers[REG_RDX] = d;
    registers[REG_RIP] += 2;
}

__attribute__((constructor)) static void begin(void) {
    const char *wanted = getenv("LESSER_CPU");
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};
    if (!wanted) return;
    no_avx512 = strcmp(wanted, "avx512_vnni") != 0;
    no_avx_vnni = strcmp(wanted, "avx_vnni") != 0;
    if (no_avx512 && no_avx_vnni && strcmp(wanted, "avx2") != 0) abort();
    if (sigaction(SIGSEGV, &action, NULL) != 0 || answer_cpuid(0) != 0) abort();
}
