/* The core month in C (benchmarks/README.md): the practical limit the engine is held against.
 *
 * core_fused  reads like the rules: one loop over households, the library's exp.
 * core_blocks does the same in blocks that stay in the first cache, as loops that the compiler turns
 *             into vector code: no branch in them, an exp of our own, one packed word per neighbour.
 * triad       measures the memory's bandwidth as STREAM's triad does.
 *
 * Built by c_core.py: cc -O3 -march=native -fopenmp-simd ... -shared. No threads.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

typedef struct {
    int64_t n;
    const int64_t *indptr, *fee;
    const int32_t *neighbours;
    const int8_t *life, *kind;
    const double *burden, *taste;
    double *satisfaction, *trust_firm, *grievance, *habit, *norm;
    int64_t *owed_fen;
    int32_t *owed_months;
    int8_t *paid;
    double *shown_satisfaction; /* fused: what neighbours showed last month */
    int8_t *shown_paid;
    uint64_t *words, *next_words; /* blocks: the same packed into one word */
} World;

typedef struct {
    int64_t due;
    double condition[5];
} Lines;

typedef struct {
    int64_t collected, owed, satisfied;
    double trust, grievance;
} Counts;

static const double REPAIR[5] = {0.50, 0.16, 0.40, 0.25, 0.05};
static const double DECAY[5] = {0.12, 0.04, 0.10, 0.06, 0.012};
static const double NEEDS[3][5] = {{0.25, 0.20, 0.20, 0.15, 0.20},
                                   {0.25, 0.25, 0.25, 0.15, 0.10},
                                   {0.20, 0.35, 0.10, 0.10, 0.25}};
static const double BASE[3] = {1.0, 1.8, -0.9};
static const double NORM[3] = {4.0, 1.5, 1.5};
#define INDICATORS 5
#define EFFORT 0.35
#define BLAME (1.0 - 0.4 * 0.6)
#define LEGACY (0.06 * 0.6)
#define UNIT 0x1p-32

static inline double clip(double x) { return x < 0.0 ? 0.0 : x > 1.0 ? 1.0 : x; }

/* --- random numbers: a keyed hash (the finaliser of splitmix64) of seed, month, use and household */

static inline uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static inline uint64_t key_of(uint64_t seed, uint64_t month, uint64_t use) {
    return mix(mix(mix(seed + 0x9E3779B97F4A7C15u) + month) + use);
}

static inline uint64_t hash(uint64_t key, uint64_t i) { return mix(key + i * 0x9E3779B97F4A7C15u); }

/* --- service: a few numbers per compound */

static void wear(Lines *lines, double experience[3]) {
    for (int l = 0; l < 5; l++) {
        double c = lines->condition[l];
        lines->condition[l] = clip(c + REPAIR[l] * fmax(EFFORT, 0.06) * (1.0 - c) - DECAY[l] * c);
    }
    for (int k = 0; k < 3; k++) {
        double met = 0.0, asked = 0.0;
        for (int l = 0; l < 5; l++) met += NEEDS[k][l] * lines->condition[l], asked += NEEDS[k][l];
        experience[k] = met / asked;
    }
}

static void record(const World *w, const Lines *lines, const Counts *c, double *row) {
    row[0] = (double)c->collected / (double)lines->due;
    row[1] = (double)c->satisfied / (double)w->n;
    row[2] = c->trust / (double)w->n;
    row[3] = c->grievance / (double)w->n;
    row[4] = (double)c->owed / 100.0;
}

/* --- one loop, as the rules read */

void core_fused(World *w, Lines *lines, int64_t first, int64_t months, uint64_t seed, double *out) {
    for (int64_t month = first; month < first + months; month++) {
        const uint64_t choose = key_of(seed, month, 1);
        double experience[3];
        Counts sums = {0};
        wear(lines, experience);
        memcpy(w->shown_satisfaction, w->satisfaction, w->n * sizeof(double));
        memcpy(w->shown_paid, w->paid, w->n);
        for (int64_t i = 0; i < w->n; i++) {
            double content = 0.0;
            int paying = 0;
            for (int64_t e = w->indptr[i]; e < w->indptr[i + 1]; e++) {
                const int32_t j = w->neighbours[e];
                content += w->shown_satisfaction[j];
                paying += w->shown_paid[j];
            }
            const double part = 1.0 / (double)(w->indptr[i + 1] - w->indptr[i]);

            const double own = clip(experience[w->life[i]] + w->taste[i] - 0.08 * 0.8);
            double s = w->satisfaction[i];
            s += 0.25 * (0.7 * own + 0.3 * content * part - s);
            w->satisfaction[i] = s;
            double trust = w->trust_firm[i];
            trust += 0.1 * ((0.8 * s + 0.04) * BLAME - trust);
            w->trust_firm[i] = trust;

            const double u = ((double)(hash(choose, i) >> 32) + 0.5) * UNIT;
            const double norm = w->norm[i] += 0.5 * (paying * part - w->norm[i]);
            double g = w->grievance[i];
            double push = BASE[w->kind[i]] + NORM[w->kind[i]] * (norm - 0.5) + 4.0 * (s - 0.5);
            push += 1.5 * (trust - 0.5) + 2.0 * (w->habit[i] - 0.5) - 3.0 * g - w->burden[i];
            if (w->owed_months[i] > 0) push += 0.2;
            const int pays = u < 1.0 / (1.0 + exp(-push));
            const int64_t fee = w->fee[i];
            if (pays) {
                sums.collected += fee;
            } else {
                w->owed_fen[i] += fee;
                w->owed_months[i] += 1;
            }
            sums.owed += w->owed_fen[i];
            w->paid[i] = (int8_t)pays;
            w->habit[i] = 0.94 * w->habit[i] + 0.06 * pays;

            g = clip(g + (LEGACY + 0.16 * fmax(0.5 - s, 0.0)) * (1.0 - g) - 0.06 * g);
            w->grievance[i] = g;
            sums.satisfied += s > 0.5;
            sums.trust += trust;
            sums.grievance += g;
        }
        record(w, lines, &sums, out);
        out += INDICATORS;
    }
}

/* --- in blocks */

#define BLOCK 256

/* exp within 1e-10 for |x| <= 700: 2 to the whole part by the exponent's bits, a polynomial for the rest. */
static inline double fast_exp(double x) {
    const double magic = 0x1.8p52;
    const double t = x * 1.4426950408889634 + magic;
    const double k = t - magic;
    const double r = (x - k * 0x1.62e42fefa39efp-1) - k * 0x1.abc9e3b39803fp-56;
    double p = 1.0 / 40320.0;
    p = p * r + 1.0 / 5040.0;
    p = p * r + 1.0 / 720.0;
    p = p * r + 1.0 / 120.0;
    p = p * r + 1.0 / 24.0;
    p = p * r + 1.0 / 6.0;
    p = p * r + 0.5;
    p = p * r + 1.0;
    p = p * r + 1.0;
    int64_t bits, whole;
    memcpy(&bits, &t, 8);
    whole = bits << 52; /* the low bits of t are k; in the place of the exponent they are 2^k */
    memcpy(&bits, &p, 8);
    bits += whole;
    memcpy(&p, &bits, 8);
    return p;
}

/* A household as its neighbours see it: satisfaction with 32 bits behind the point above, below whether it pays in
 * 8 bits. Words of up to 255 neighbours add without a carry between. */
static inline uint64_t word_of(double satisfaction, int64_t pays) {
    return ((uint64_t)(int64_t)(satisfaction * 0x1p32) << 8) | (uint64_t)pays;
}

void core_words(World *w) {
    for (int64_t i = 0; i < w->n; i++)
        w->words[i] = word_of(w->satisfaction[i], w->paid[i]);
}

/* Sum of the neighbours' words for rows [first, first + count). Running sums need no branch at a row's end,
 * and a difference of two is right even where they have wrapped around. */
static void look_around(const World *w, int64_t first, int count, uint64_t *sum, double *degree) {
    uint64_t running = 0;
    uint64_t at_end[BLOCK + 1];
    at_end[0] = 0;
    const int32_t *restrict neighbours = w->neighbours;
    const uint64_t *restrict words = w->words;
    uint64_t prefix[BLOCK * 32];
    const int64_t base = w->indptr[first], edges = w->indptr[first + count] - base;
    if (edges >= BLOCK * 32) { /* never on this network, but right all the same */
        for (int k = 0; k < count; k++) {
            for (int64_t e = w->indptr[first + k]; e < w->indptr[first + k + 1]; e++)
                running += words[neighbours[e]];
            at_end[k + 1] = running;
        }
    } else {
        prefix[0] = 0;
        for (int64_t e = 0; e < edges; e++) {
            running += words[neighbours[base + e]];
            prefix[e + 1] = running;
        }
        for (int k = 1; k <= count; k++) at_end[k] = prefix[w->indptr[first + k] - base];
    }
    for (int k = 0; k < count; k++) {
        sum[k] = at_end[k + 1] - at_end[k];
        degree[k] = (double)(int64_t)(w->indptr[first + k + 1] - w->indptr[first + k]);
    }
}

static void block(const World *w, int64_t first, int count, const double experience[3],
                  uint64_t choose, Counts *total) {
    uint64_t sum[BLOCK];
    double degree[BLOCK];
    look_around(w, first, count, sum, degree);

    const int8_t *restrict life = w->life + first, *restrict kind = w->kind + first;
    const double *restrict taste = w->taste + first, *restrict burden = w->burden + first;
    const int64_t *restrict fees = w->fee + first;
    double *restrict satisfaction = w->satisfaction + first, *restrict norms = w->norm + first;
    double *restrict trust_firm = w->trust_firm + first, *restrict habits = w->habit + first;
    double *restrict grievance = w->grievance + first;
    int64_t *restrict owed_fen = w->owed_fen + first;
    int32_t *restrict owed_months = w->owed_months + first;
    int8_t *restrict paid = w->paid + first;
    uint64_t *restrict next = w->next_words + first;
    const double young = experience[0], working = experience[1], elderly = experience[2];
    double trusts = 0.0, grievances = 0.0;
    int64_t collected = 0, owing = 0, satisfied = 0;

    /* Narrow columns are widened first, so that the loops below run eight households at a time. */
    double around[BLOCK], start[BLOCK], weight[BLOCK], part[BLOCK];
    int64_t months[BLOCK], pays[BLOCK];
    for (int k = 0; k < count; k++) {
        const int8_t l = life[k], q = kind[k];
        around[k] = l == 0 ? young : l == 1 ? working : elderly;
        start[k] = q == 0 ? 1.0 : q == 1 ? 1.8 : -0.9;
        weight[k] = q == 0 ? 4.0 : 1.5;
    }
    for (int k = 0; k < count; k++) months[k] = owed_months[k];
    for (int k = 0; k < count; k++) part[k] = 1.0 / degree[k];

#pragma omp simd reduction(+ : trusts, satisfied)
    for (int k = 0; k < count; k++) {
        const double seen = (double)(int64_t)(sum[k] >> 8) * 0x1p-32 * part[k];
        double own = around[k] + taste[k] - 0.08 * 0.8;
        own = own < 0.0 ? 0.0 : own;
        own = own > 1.0 ? 1.0 : own;
        double s = satisfaction[k];
        s += 0.25 * (0.7 * own + 0.3 * seen - s);
        satisfaction[k] = s;
        double trust = trust_firm[k];
        trust += 0.1 * ((0.8 * s + 0.04) * BLAME - trust);
        trust_firm[k] = trust;
        satisfied += s > 0.5;
        trusts += trust;
    }

#pragma omp simd reduction(+ : collected, owing)
    for (int k = 0; k < count; k++) {
        double norm = norms[k];
        norm += 0.5 * ((double)(int64_t)(sum[k] & 0xFF) * part[k] - norm);
        norms[k] = norm;
        const double u = ((double)(int64_t)(hash(choose, (uint64_t)(first + k)) >> 32) + 0.5) * UNIT;
        double push = start[k] + weight[k] * (norm - 0.5) + 4.0 * (satisfaction[k] - 0.5);
        push += 1.5 * (trust_firm[k] - 0.5);
        push += 2.0 * (habits[k] - 0.5) - 3.0 * grievance[k] - burden[k];
        push += months[k] > 0 ? 0.2 : 0.0;
        const int64_t yes = u * (1.0 + fast_exp(-push)) < 1.0 ? 1 : 0;
        const int64_t fee = fees[k], owed = owed_fen[k] + (yes ? 0 : fee);
        owed_fen[k] = owed;
        months[k] += 1 - yes;
        habits[k] = 0.94 * habits[k] + (yes ? 0.06 : 0.0);
        pays[k] = yes;
        collected += yes ? fee : 0;
        owing += owed;
    }

#pragma omp simd reduction(+ : grievances)
    for (int k = 0; k < count; k++) {
        double g = grievance[k], low = 0.5 - satisfaction[k];
        low = low > 0.0 ? low : 0.0;
        g += (LEGACY + 0.16 * low) * (1.0 - g) - 0.06 * g;
        g = g < 0.0 ? 0.0 : g;
        g = g > 1.0 ? 1.0 : g;
        grievance[k] = g;
        next[k] = word_of(satisfaction[k], pays[k]);
        grievances += g;
    }
    for (int k = 0; k < count; k++) owed_months[k] = (int32_t)months[k];
    for (int k = 0; k < count; k++) paid[k] = (int8_t)pays[k];
    total->trust += trusts, total->grievance += grievances;
    total->collected += collected, total->owed += owing;
    total->satisfied += satisfied;
}

void core_blocks(World *w, Lines *lines, int64_t first, int64_t months, uint64_t seed, double *out) {
    for (int64_t month = first; month < first + months; month++) {
        const uint64_t choose = key_of(seed, month, 1);
        double experience[3];
        Counts sums = {0};
        wear(lines, experience);
        for (int64_t i = 0; i < w->n; i += BLOCK) {
            const int count = w->n - i < BLOCK ? (int)(w->n - i) : BLOCK;
            block(w, i, count, experience, choose, &sums);
        }
        uint64_t *was = w->words;
        w->words = w->next_words;
        w->next_words = was;
        record(w, lines, &sums, out);
        out += INDICATORS;
    }
}

/* --- memory: best GB/s of a = b + 3 c over arrays of n numbers, 24 bytes a number as STREAM counts */

double triad(double *restrict a, const double *restrict b, const double *restrict c, int64_t n, int times) {
    double best = 0.0;
    for (int t = 0; t < times; t++) {
        struct timespec start, end;
        clock_gettime(CLOCK_MONOTONIC, &start);
        for (int64_t i = 0; i < n; i++) a[i] = b[i] + 3.0 * c[i];
        clock_gettime(CLOCK_MONOTONIC, &end);
        const double ns = 1e9 * (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec);
        const double rate = 24.0 * (double)n / ns;
        best = rate > best ? rate : best;
    }
    return best;
}
