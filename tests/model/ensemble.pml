/* ZooKeeper, as far as a line needs it.
 *
 * The leader decides transactions in one order: `decided` holds those that some client has not been told of yet. Each client
 * sees a prefix of that order (`view`, up to `told`): the server that it talks to lags, and so does the network. A client
 * has "a server of its own", so every lag that shared servers could have is among those searched. Consequences:
 *  - a write's answer comes when the client's view contains it, a read is answered from the view, events are told when the
 *    view passes them: one stream in one order, as on a ZooKeeper connection;
 *  - the view never goes back, also when the client connects elsewhere;
 *  - `sync` brings the view up to what has been decided when the leader gets it.
 */
#define bit(n) (1 << (n))
#define none 15

/* What a transaction does: make(n), erase(n) or end the session of a client. */
#define make(n) (n)
#define erase(n) (8 + (n))
#define end_session(i) (16 + (i))
#define kind_of(t) ((t) >> 3)
#define subject_of(t) ((t) & 7)

byte exists;            /* the places there are, when all that is decided is done */
byte next;              /* number of the next place */
byte owner[PLACES];
byte mark[PLACES];      /* of which of its owner's attempts */

byte decided[LAG];
byte undone;            /* entries of `decided` */

typedef client_state {
    byte state;
    bool connected;
    bool alive;         /* the session, as the leader knows it */
    byte turns;         /* taken */
    byte attempt;       /* its mark */
    byte under_way;     /* creates sent that the leader has not decided */
    byte newest;        /* the place that the last of them became */
    byte own;           /* our place, once known */
    byte erasing;       /* handed to the sweeper by name */
    bool looking_for_mark;  /* handed to the sweeper by mark */
    bool doubted;       /* more than one create may have become a place */
    byte view;          /* places seen */
    byte told;          /* entries of `decided` that are in the view */
    /* recipes/detail/standing */
    byte ahead;
    byte watched;
    byte unverified;
    bool more;
    bool guards_own;
    /* recipes/detail/turn_dialogue */
    byte asked;
    byte to_watch;      /* of those asked */
    byte unanswered;    /* of those asked */
    byte box;           /* events that have not been taken */
}
client_state c[CLIENTS];

byte losses = LOSSES;
byte expiries = EXPIRIES;
byte cancels = CANCELS;
byte removals = REMOVALS;

/* Written before it is read in each step, and cleared after it: no part of the state. (A breadth-first search takes none that
 * are hidden.)
 */
#ifdef BREADTH_FIRST
#define scratch byte
#else
#define scratch hidden byte
#endif
scratch a, b, n, t, near, many, mine;

#define room (undone < LAG)

inline decide_on(transaction)
{
    decided[undone] = transaction;
    undone++;
    for (a : 0 .. CLIENTS - 1) {
        if
        :: !listens(a) -> c[a].told = 0
        :: else
        fi
    }
}

/* Forgets what everybody has been told, so that equal situations are equal states. */
inline forget_old()
{
    do
    :: undone > 0 ->
        b = 0;
        for (a : 0 .. CLIENTS - 1) {
            if
            :: listens(a) && c[a].told == 0 -> b = 1
            :: else
            fi
        }
        if
        :: b -> break
        :: else
        fi
        for (a : 1 .. LAG - 1) {
            decided[a - 1] = decided[a]
        }
        decided[LAG - 1] = 0;
        undone--;
        for (a : 0 .. CLIENTS - 1) {
            if
            :: listens(a) -> c[a].told--
            :: else
            fi
        }
    :: else -> break
    od
}

/* The answer to a sync, or a fresh start: the view holds all that is decided. */
inline see_everything(i)
{
    c[i].view = exists;
    c[i].told = undone
}

/* The places of i in `set`, of its present attempt when `marked`. Result: mine. */
inline places_of(i, set, marked)
{
    mine = 0;
    for (b : 0 .. PLACES - 1) {
        if
        :: (set & bit(b)) && owner[b] == i && (!(marked) || mark[b] == c[i].attempt) -> mine = mine | bit(b)
        :: else
        fi
    }
}
