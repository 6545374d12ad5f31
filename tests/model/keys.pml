/* Several locks at once: each client wants both, names them in an order of its own, and stands in both lines by one atomic
 * transaction. Then everybody in both lines is in the same order in both, so whoever waits for somebody waits for one who came
 * earlier, and waiting cannot go round in a circle.
 *
 * What one line does about doubts and lagging servers is line.pml's business. Here answers are prompt; sessions expire and
 * waiters give up at any moment, and what was taken is released one by one.
 */
#ifndef CLIENTS
#define CLIENTS 3
#endif
#ifndef TURNS
#define TURNS 1
#endif
#ifndef EXPIRIES
#define EXPIRIES 0
#endif
#ifndef CANCELS
#define CANCELS 0
#endif
#define none 15
#define bit(n) (1 << (n))
#define both 3

#if CLIENTS * TURNS > 8
#error "at most 8 places in a line"
#endif

typedef one_line {
    byte places;        /* mask */
    byte next;
    byte holders;
}
one_line lock[2];
byte expiries = EXPIRIES;
byte cancels = CANCELS;

#define stands(k) (place[k] != none)
#define is_first(k) (stands(k) && (lock[k].places & (bit(place[k]) - 1)) == 0)
#define holds(k) (held & bit(k))

/* What is printed is what a counterexample shows. */
inline stand(k)
{
    printf("client %d stands in line %d\n", me, k);
    place[k] = lock[k].next;
    lock[k].next++;
    lock[k].places = lock[k].places | bit(place[k])
}

inline take(k)
{
    printf("client %d takes %d\n", me, k);
    held = held | bit(k);
    lock[k].holders++;
    assert(lock[k].holders == 1)
}

inline leave(k)
{
    if
    :: stands(k) ->
        printf("client %d leaves %d\n", me, k);
        lock[k].places = lock[k].places & ~bit(place[k])
    :: else
    fi;
    if
    :: holds(k) -> lock[k].holders--
    :: else
    fi;
    held = held & ~bit(k);
    place[k] = none
}

proctype client(byte me; byte first)
{
    byte place[2] = none;
    byte held;
    byte turns = TURNS;

    do
    :: turns > 0 ->
        turns--;
#if defined(ONE_AFTER_THE_OTHER)
        d_step { stand(first) }
#elif defined(NOT_IN_ONE_TRANSACTION)
        d_step { stand(first) }
        d_step { stand(1 - first) }
#else
        d_step { stand(first); stand(1 - first) }
#endif
        do
        :: d_step { is_first(first) && !holds(first) -> take(first) }
        :: d_step { is_first(1 - first) && !holds(1 - first) -> take(1 - first) }
#ifdef ONE_AFTER_THE_OTHER
        :: d_step { holds(first) && !stands(1 - first) -> stand(1 - first) }
#endif
        :: held == both -> break
        :: atomic { cancels > 0 && held != both -> cancels--; break }
        :: d_step { expiries > 0 -> expiries--; leave(0); leave(1); skip } break
        od;
        skip;
        d_step { leave(first); skip }
        d_step { leave(1 - first); skip }
    :: else -> break
    od
}

init {
    atomic {
        byte i;
        for (i : 0 .. CLIENTS - 1) {
            run client(i, i % 2)
        }
    }
}
