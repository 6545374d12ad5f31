/* How large a search is. Each is set by -D; see the list of searches in `searches`. */
#ifndef CLIENTS
#define CLIENTS 3
#endif
/* How often each client wants the lock. */
#ifndef TURNS
#define TURNS 1
#endif
/* So many connections are lost, sessions expire, and waiters give up: in all, wherever and whenever. */
#ifndef LOSSES
#define LOSSES 0
#endif
#ifndef EXPIRIES
#define EXPIRIES 0
#endif
#ifndef CANCELS
#define CANCELS 0
#endif
/* So many places are removed by somebody who does not own them. */
#ifndef REMOVALS
#define REMOVALS 0
#endif
/* So many transactions may what a client has been told lag behind what has been decided. */
#ifndef LAG
#define LAG 3
#endif
/* `few` of recipes/detail/standing.cpp, where it is 4: with so many ahead, all are kept and looked up by name. */
#ifndef FEW
#define FEW 4
#endif
/* `watched_nearest` of the same file. */
#ifndef NEAREST
#define NEAREST 2
#endif
/* Whether a create is sent again while the first is in doubt. The product looks first; other clients do not. */
#ifndef RETRY_IN_DOUBT
#define RETRY_IN_DOUBT 0
#endif

/* Every create that can happen gets a number of its own. Masks of places are bytes. */
#define PLACES (CLIENTS * TURNS + LOSSES + EXPIRIES)
#if PLACES > 8
#error "at most 8 places"
#endif

/* Situations. A search tells which it has met, so that "nothing wrong" cannot mean "nothing happened". */
#define reached(situation) c_code { tell_once(situation); }

c_decl {
    static void tell_once(const char *situation)
    {
        static const char *told[32];
        int i;
        for (i = 0; i < 32 && told[i]; ++i)
            if (told[i] == situation)
                return;
        if (i < 32)
            told[i] = situation;
        printf("reached: %s\n", situation);
    }
}

#define ADOPTED "a doubtful create is found in the list"
#define NEVER_MADE "a doubtful create has not happened"
#define DECIDED_LATE "a create is decided while its client is disconnected"
#define SWEPT_UNNAMED "a place is given up in doubt, found by its mark, and deleted"
#define WENT_BEFORE_LOOK "a look finds that the place has gone"
#define EVENT_WHILE_ASKING "a deletion is told while a look is under way"
#define LISTED_AGAIN "the line is listed again, because the nearest of many went"
#define LOOKED_BY_NAME "one beyond the nearest two is looked up by name"
#define ZOMBIE "a lock is granted while an earlier holder, whose session is over, believes that it holds"
#define MIDDLE_WENT "the place just ahead goes, and the head does not"
#define EXTRA_DELETED "two places of one attempt are found, and one is deleted"
#define OWN_REMOVED "a waiter notices that somebody else has deleted its place"
