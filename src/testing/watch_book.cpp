#include "testing/watch_book.hpp"

namespace turnstile::inline v0::testing {

watch_kind watch_left_by(const operation& o, const error_code& answer)
{
    if (const auto* e = std::get_if<op::exists>(&o); e && e->watch)
        return !answer ? watch_kind::node : answer == errc::no_node ? watch_kind::absent : watch_kind::none;
    if (const auto* g = std::get_if<op::get>(&o); g && g->watch && !answer)
        return watch_kind::node;
    if (const auto* c = std::get_if<op::children>(&o); c && c->watch && !answer)
        return watch_kind::child;
    return watch_kind::none;
}

void watch_book::note(const operation& o, const error_code& answer)
{
    switch (watch_left_by(o, answer)) {
        case watch_kind::node:
            node.emplace(path_of(o));
            return;
        case watch_kind::absent:
            absent.emplace(path_of(o));
            return;
        case watch_kind::child:
            child.emplace(path_of(o));
            return;
        case watch_kind::none:
            break;
    }
    if (const auto* forget = std::get_if<op::forget_watches>(&o); forget && !answer) {
        node.erase(forget->path);
        absent.erase(forget->path);
        child.erase(forget->path);
    }
}

bool watch_book::take(watch_event_type type, const std::string& path)
{
    std::size_t used = 0;
    if (type != watch_event_type::children_changed)
        used += node.erase(path) + absent.erase(path);
    if (type == watch_event_type::children_changed || type == watch_event_type::erased)
        used += child.erase(path);
    return used != 0;
}

}  // namespace turnstile::inline v0::testing
