/* recipes/detail/standing.cpp and turn_dialogue.cpp: what a waiter knows, and what it does next. */

/* The nearest of those ahead (result: near) and how many there are (result: many). */
inline count_ahead(i)
{
    near = 0;
    many = 0;
    b = PLACES;
    do
    :: b > 0 ->
        b--;
        if
        :: c[i].ahead & bit(b) ->
            if
            :: many < NEAREST -> near = near | bit(b)
            :: else
            fi;
            many++
        :: else
        fi
    :: else -> break
    od
}

/* standing::listed, with our own place in the list */
inline listed(i, list)
{
    c[i].ahead = (list) & (bit(c[i].own) - 1);
    count_ahead(i);
    c[i].more = many > FEW;
    if
    :: c[i].more -> c[i].ahead = near
    :: else
    fi;
    c[i].watched = c[i].watched & (c[i].ahead | bit(c[i].own));
    c[i].unverified = 0
}

/* standing::went */
inline went(i, place)
{
    if
    :: c[i].ahead & bit(place) ->
        if
        :: (c[i].ahead & (bit(place) - 1)) && !(c[i].ahead >> (place + 1)) -> reached(MIDDLE_WENT)
        :: else
        fi;
#ifdef PREDECESSOR_GONE_IS_MINE
        if
        :: !(c[i].ahead >> (place + 1)) -> c[i].ahead = 0; c[i].more = false
        :: else
        fi;
#endif
        c[i].unverified = c[i].unverified | (c[i].ahead & (bit(place) - 1));
        c[i].ahead = c[i].ahead & ~bit(place);
        c[i].watched = c[i].watched & ~bit(place);
        c[i].unverified = c[i].unverified & c[i].ahead
    :: else
    fi
}

/* standing::next and turn_dialogue::next, and the taking of events that have come meanwhile */
inline proceed(i)
{
    do
    :: true ->
        count_ahead(i);
        if
#ifndef HIDDEN_ARE_FORGOTTEN
        :: c[i].more && many < NEAREST ->
            reached(LISTED_AGAIN);
            c[i].state = LISTING_AGAIN;
            break
#endif
        :: else ->
            if
            :: c[i].ahead == 0 ->
                grant(i);
                break
            :: else
            fi
        fi;
        if
        :: c[i].guards_own -> near = near | bit(c[i].own)
        :: else
        fi;
        c[i].to_watch = near & ~c[i].watched;
        c[i].asked = c[i].to_watch | (c[i].unverified & ~near);
        if
        :: c[i].asked & ~near -> reached(LOOKED_BY_NAME)
        :: else
        fi;
        c[i].unanswered = c[i].asked;
        if
        :: c[i].asked ->
            c[i].state = LOOKING;
            break
        :: else
        fi;
        if
        :: c[i].box == 0 ->
            c[i].state = WAITING;
            break
        :: else
        fi;
        if
        :: c[i].box & bit(c[i].own) ->
            reached(OWN_REMOVED);
            leave(i);
            break
        :: else
        fi;
        n = 0;
        do
        :: c[i].box & bit(n) -> break
        :: else -> n++
        od;
        c[i].box = c[i].box & ~bit(n);
        went(i, n)
    od
}

/* One answer of a look, from the view: the nearest first, our own place last. */
inline look(i)
{
    n = PLACES - 1;
    do
    :: (c[i].unanswered & bit(n)) && (n != c[i].own || c[i].unanswered == bit(n)) -> break
    :: else -> n--
    od;
    c[i].unanswered = c[i].unanswered & ~bit(n);
    if
    :: c[i].view & bit(n) ->
        c[i].watched = c[i].watched | (c[i].to_watch & bit(n));
        c[i].unverified = c[i].unverified & ~bit(n)
    :: else ->
        reached(WENT_BEFORE_LOOK);
#ifdef ABSENCE_IS_NOT_NOTICED
        c[i].watched = c[i].watched | (c[i].to_watch & bit(n))
#else
        went(i, n)
#endif
    fi;
    if
    :: n == c[i].own && !(c[i].view & bit(n)) -> leave(i)
    :: else
    fi;
    if
    :: c[i].state == LOOKING && c[i].unanswered == 0 ->
        c[i].asked = 0;
        c[i].to_watch = 0;
        proceed(i)
    :: else
    fi
}

/* The deletion of a place that is watched. */
inline told_gone(i, place)
{
    if
    :: c[i].watched & bit(place) ->
        c[i].box = c[i].box | bit(place);
        if
        :: c[i].state == LOOKING -> reached(EVENT_WHILE_ASKING)
        :: else
        fi
    :: else
    fi
}
