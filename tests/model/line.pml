/* One line, its clients, and everything that may go wrong between them. docs/model.md says how this maps to the code.
 *
 * Every mutant is one rule left out, by -D; so the text between #ifdef is what must not be done.
 */
#include "bounds.pml"

#define OUT 0               /* neither stands nor wants to */
#define CREATING 1          /* create and list sent */
#define DOUBT 2             /* the create's answer was lost */
#define SEARCHING 3         /* the sync has been answered, the list not yet */
#define LISTING 4           /* the create has been answered, the list not yet */
#define LOOKING 5
#define LISTING_AGAIN 6
#define WAITING 7
#define HOLDING 8

#define stands_or_wants_to(i) (c[i].state >= CREATING && c[i].state <= WAITING)
/* For whom it matters what it has been told. */
#ifdef SWEEP_WITHOUT_SYNC
#define listens(i) (stands_or_wants_to(i) || c[i].looking_for_mark)
#else
#define listens(i) stands_or_wants_to(i)
#endif

#include "ensemble.pml"

byte last_granted = none;
scratch exclusive, in_order, stands, in_own_session, nobody_is_stuck, nothing_is_left;

inline clear_scratch()
{
    a = 0; b = 0; n = 0; t = 0; near = 0; many = 0; mine = 0;
    exclusive = 0; in_order = 0; stands = 0; in_own_session = 0
}

inline stop_listening(i)
{
    c[i].view = 0;
    c[i].told = 0;
    c[i].ahead = 0;
    c[i].watched = 0;
    c[i].unverified = 0;
    c[i].more = false;
    c[i].guards_own = false;
    c[i].asked = 0;
    c[i].to_watch = 0;
    c[i].unanswered = 0;
    c[i].box = 0;
    c[i].doubted = false;
    c[i].newest = none
}

/* Who holds, as the ensemble sees it: its session lives, and its place is there. */
#define holds(i) (c[i].state == HOLDING && c[i].alive && (exists & bit(c[i].own)))

inline grant(i)
{
    stands = (c[i].view & bit(c[i].own)) != 0;
#ifndef YOUNG_PLACES_COUNT
    stands = stands || !(c[i].watched & bit(c[i].own));  /* the known limit: docs/decisions/0005 */
#endif
    c[i].state = HOLDING;
    stop_listening(i);
    if
    :: c[i].alive ->
        assert(stands);
        in_own_session = REMOVALS > 0 || (exists & bit(c[i].own)) != 0;
        assert(in_own_session)
    :: else
    fi;
    if
    :: holds(i) ->
        exclusive = true;
        for (b : 0 .. CLIENTS - 1) {
            if
            :: b != i && holds(b) -> exclusive = false
            :: b != i && c[b].state == HOLDING && !c[b].alive -> reached(ZOMBIE)
            :: else
            fi
        }
        in_order = (exists & (bit(c[i].own) - 1)) == 0 && (last_granted == none || last_granted < c[i].own);
        assert(exclusive);
        assert(in_order);
        last_granted = c[i].own
    :: else
    fi
}

#include "standing.pml"

/* Without a place, or with one that somebody else now has to look after. */
inline leave(i)
{
    c[i].state = OUT;
    c[i].own = none;
    stop_listening(i)
}

/* waiting_line.cpp, try_to_stand: a ticket with a mark of its own, and the create */
inline send_create(i)
{
    c[i].state = CREATING;
    c[i].own = none;
    c[i].newest = none;
    c[i].attempt++;
    c[i].under_way++
}

inline begin(i)
{
    c[i].turns++;
    see_everything(i);
#ifdef LIST_BEFORE_CREATE
    c[i].ahead = exists;
#endif
    send_create(i)
}

/* The leader gets a create. Its number is its place in the order. */
inline decide_create(i)
{
    n = next;
    next++;
    owner[n] = i;
    mark[n] = c[i].attempt;
    exists = exists | bit(n);
    c[i].under_way--;
    c[i].newest = n;
    if
    :: c[i].state == DOUBT && !c[i].connected -> reached(DECIDED_LATE)
    :: else
    fi;
    decide_on(make(n))
}

/* What the product does not do: create again, under the same mark, before it is known what became of the first. */
inline retry(i)
{
    c[i].doubted = true;
    c[i].state = CREATING;
    c[i].newest = none;
    c[i].under_way++
}

inline created(i)
{
    if
    :: c[i].doubted -> c[i].state = DOUBT  /* an earlier create may have become a place as well */
    :: else ->
        c[i].own = c[i].newest;
        c[i].newest = none;
#ifdef OWN_IS_ASKED_WITH_THE_OTHERS
        c[i].guards_own = true;
#endif
#ifdef LIST_BEFORE_CREATE
        listed(i, c[i].ahead);
        proceed(i)
#else
        c[i].state = LISTING
#endif
    fi
}

inline list_line(i)
{
    if
    :: c[i].view & bit(c[i].own) ->
        listed(i, c[i].view);
        proceed(i)
    :: else ->
        assert(REMOVALS > 0);  /* the list is read behind the create */
        leave(i)
    fi
}

/* find_doubted: the sync */
inline sync(i)
{
#ifdef ADOPT_WITHOUT_SYNC
    places_of(i, c[i].view, true);
#else
    mine = 0;
#endif
#ifndef NO_SYNC
    if
    :: mine == 0 -> see_everything(i)
    :: else
    fi;
#endif
    c[i].state = SEARCHING
}

/* find_doubted: the list behind it */
inline search(i)
{
    places_of(i, c[i].view, true);
    if
    :: mine ->
        reached(ADOPTED);
        n = 0;
        do
        :: mine & bit(n) -> break
        :: else -> n++
        od;
        c[i].own = n;
        if
        :: mine & ~bit(n) -> reached(EXTRA_DELETED)
        :: else
        fi;
#ifndef EXTRA_IS_LEFT
        c[i].erasing = c[i].erasing | (mine & ~bit(n));
#endif
        c[i].newest = none;
        c[i].doubted = false;
        listed(i, c[i].view);
        proceed(i)
    :: else ->
        reached(NEVER_MADE);
        c[i].doubted = false;
        send_create(i)
    fi
}

/* The view takes in the next transaction, and its events are told. */
inline hear(i)
{
    t = decided[c[i].told];
    c[i].told++;
    if
    :: kind_of(t) == 0 -> c[i].view = c[i].view | bit(subject_of(t))
    :: kind_of(t) == 1 ->
        c[i].view = c[i].view & ~bit(subject_of(t));
        told_gone(i, subject_of(t))
    :: else ->
        places_of(subject_of(t), c[i].view, false);
        c[i].view = c[i].view & ~mine;
        for (b : 0 .. PLACES - 1) {
            if
            :: mine & bit(b) -> told_gone(i, b)
            :: else
            fi
        }
    fi;
    if
    :: c[i].state == WAITING && c[i].box -> proceed(i)
    :: else
    fi
}

inline lose_connection(i)
{
    losses--;
    c[i].connected = false;
    if
    :: c[i].state == CREATING || c[i].state == SEARCHING ->
#ifdef CREATE_AGAIN_IN_DOUBT
        send_create(i)
#else
        c[i].state = DOUBT
#endif
    :: c[i].state == LOOKING ->
        c[i].unanswered = c[i].asked
    :: else
    fi;
#ifdef WATCHES_END_WITH_THE_CONNECTION
    c[i].box = 0;
    if
    :: c[i].state == WAITING -> c[i].told = undone; c[i].view = exists
    :: else
    fi;
#endif
#ifdef SESSION_EVENT_IS_A_DELETION
    if
    :: c[i].state == WAITING -> c[i].box = c[i].watched; proceed(i)
    :: else
    fi;
#endif
#ifdef DELETE_IS_NOT_REPEATED
    c[i].erasing = 0;
#endif
}

/* The present session is over, and a new one begins: all that was bound to the old one ends. */
inline new_session(i)
{
    c[i].alive = true;
    c[i].under_way = 0;
    c[i].erasing = 0;
    c[i].looking_for_mark = false;
    if
    :: c[i].state >= CREATING && c[i].state <= LISTING ->
        c[i].doubted = false;
        see_everything(i);
        send_create(i)
#ifdef PLACE_OUTLIVES_SESSION
    :: c[i].state == LOOKING || c[i].state == WAITING ->
        c[i].watched = 0;
        c[i].box = 0;
        see_everything(i);
        proceed(i)
#endif
    :: else -> leave(i)
    fi
}

/* The leader refuses from now on what the old connection has not delivered yet: the session has moved. */
inline reconnect(i)
{
    c[i].connected = true;
    if
    :: c[i].alive -> c[i].under_way = 0
    :: else -> new_session(i)
    fi
}

/* Somebody else deletes our place. */
inline remove(i)
{
    removals--;
    exists = exists & ~bit(c[i].own);
    decide_on(erase(c[i].own))
}

inline expire(i)
{
    expiries--;
    c[i].alive = false;
    places_of(i, exists, false);
    exists = exists & ~mine;
    decide_on(end_session(i))
}

/* turn_dialogue::waited: who has waited for a while looks after its own place as well. */
inline guard_own(i)
{
    c[i].guards_own = true;
    proceed(i)
}

/* The lease is released, or the waiter's ticket dropped with its place known. */
inline give_up_place(i)
{
    c[i].erasing = c[i].erasing | bit(c[i].own);
    leave(i)
}

inline cancel(i)
{
    cancels--;
#ifdef NO_SWEEP
    leave(i);
#else
    if
    :: c[i].own != none -> give_up_place(i)
    :: else ->
        c[i].looking_for_mark = true;
#ifdef SWEEP_WITHOUT_SYNC
        c[i].state = OUT
#else
        leave(i)
#endif
    fi
#endif
}

/* src/sweeper.cpp, look_for_marked: sync, list, and delete what is found */
inline look_for_mark(i)
{
#ifdef SWEEP_WITHOUT_SYNC
    places_of(i, c[i].view, true);
    c[i].view = 0;
    c[i].told = 0;
#else
    places_of(i, exists, true);
#endif
    if
    :: mine -> reached(SWEPT_UNNAMED)
    :: else
    fi;
    c[i].erasing = c[i].erasing | mine;
    c[i].looking_for_mark = false
}

/* The leader gets a delete. A repeated one finds nothing, and names are never used again. */
inline decide_erase(i)
{
    n = 0;
    do
    :: c[i].erasing & bit(n) -> break
    :: else -> n++
    od;
    c[i].erasing = c[i].erasing & ~bit(n);
    if
    :: exists & bit(n) ->
        exists = exists & ~bit(n);
        decide_on(erase(n))
    :: else
    fi
}

#define idle(i) (c[i].state == OUT && c[i].erasing == 0 && !c[i].looking_for_mark)
#define online(i) (c[i].connected && c[i].alive)
/* Clients are alike: they are numbered in the order in which they first come. */
#define may_come(i) (i == 0 || c[i].turns > 0 || c[i - (i > 0)].turns > 0)
#define wants_to_come(i) (c[i].state == OUT && c[i].turns < TURNS && !c[i].looking_for_mark && may_come(i))
#define is_answered(i) (c[i].under_way == 0 && c[i].newest != none && (c[i].view & bit(c[i].newest)))
/* The end of the own session is not news but a refusal to connect: see new_session. */
#define has_news(i) (c[i].told < undone && decided[c[i].told] != end_session(i))

/* The text is what a counterexample shows. */
#define step(when, then) :: d_step { (when) -> printf("client %d ", me); printf(#then); printf("\n"); then; forget_old(); clear_scratch(); skip }

proctype client(byte me)
{
end:
    do
    step(wants_to_come(me) && online(me), begin(me))
    step(c[me].under_way > 0 && c[me].alive && room, decide_create(me))
    step(c[me].state == CREATING && c[me].connected && is_answered(me), created(me))
    step((c[me].state == LISTING || c[me].state == LISTING_AGAIN) && c[me].connected, list_line(me))
    step(c[me].state == LOOKING && c[me].connected, look(me))
    step(c[me].state == DOUBT && online(me) && c[me].under_way == 0, sync(me))
    step(RETRY_IN_DOUBT && c[me].state == DOUBT && online(me) && !c[me].doubted, retry(me))
    step(c[me].state == SEARCHING && c[me].connected, search(me))
    step(listens(me) && c[me].connected && has_news(me), hear(me))
    step(c[me].state == HOLDING, give_up_place(me))
    step(c[me].erasing && c[me].alive && room, decide_erase(me))
    step(c[me].looking_for_mark && online(me) && c[me].under_way == 0, look_for_mark(me))
    step(cancels > 0 && stands_or_wants_to(me), cancel(me))
    step(losses > 0 && c[me].connected && !idle(me), lose_connection(me))
    step(!c[me].connected, reconnect(me))
    step(expiries > 0 && c[me].alive && !idle(me) && room, expire(me))
    step(c[me].connected && !c[me].alive, new_session(me))
    step(REMOVALS && c[me].state == WAITING && !c[me].guards_own, guard_own(me))
    step(removals > 0 && c[me].own != none && (exists & bit(c[me].own)) && room, remove(me))
    od
}

init {
    atomic {
        for (a : 0 .. CLIENTS - 1) {
            c[a].connected = true;
            c[a].alive = true;
            c[a].own = none;
            c[a].newest = none;
            run client(a)
        }
        a = 0
    };
    /* When nothing can happen any more: everybody has had its turn or its error, and nothing is left. */
    atomic {
        timeout ->
        nobody_is_stuck = true;
        nothing_is_left = exists == 0;
        for (a : 0 .. CLIENTS - 1) {
            if
            :: !idle(a) || c[a].turns < TURNS -> nobody_is_stuck = false
            :: else
            fi
        };
        assert(nobody_is_stuck);
        assert(nothing_is_left)
    }
}
