// Fencing: what a resource accepts goes by growing tokens, and no two leases share one.
#include "history_rules.hpp"

#include <algorithm>
#include <unordered_map>

namespace turnstile::inline v0::testing {

namespace {

using attempts_by_op = std::unordered_map<std::string_view, const attempt*>;

attempts_by_op by_op(const key_history& k)
{
    attempts_by_op found;
    for (const auto* a : k.attempts)
        found[a->op] = a;
    return found;
}

/// One key's resource, effect by effect.
class resource_log {
public:
    resource_log(const key_history& k, rule_findings& found) : key_{k}, calls_{by_op(k)}, found_{found} {}

    void read()
    {
        for (const auto* e : key_.effects)
            if (is_exclusive(e->kind))
                read(*e);
            else if (e->kind == holding_kind::reader && e->accepted)
                newest_reader_ = std::max(newest_reader_, e->token);
    }

private:
    void read(const history_event& e)
    {
        found_.judged();
        const auto* const by = calls_.at(e.op);
        if (by->token() != 0 && by->token() != e.token)
            return tell(e, "wrote with token " + std::to_string(e.token) + ", which is not its lease's");
        if (!e.accepted)
            return read_fenced(e);
        if (newest_ != nullptr && e.token < newest_->token)
            return tell(e, "was accepted behind a newer holder's effect");
        const bool another = newest_ != nullptr && e.token == newest_->token && e.op != newest_->op;
        if (another && !share_a_turn(*by, *calls_.at(newest_->op)))
            return tell(e, "was accepted with the token of another lease");
        if (newest_ == nullptr || e.token > newest_->token)
            newest_ = &e;
    }

    void read_fenced(const history_event& e)
    {
        // A resource may know its readers, and refuse the writer who was before them.
        if ((newest_ == nullptr || e.token >= newest_->token) && e.token >= newest_reader_)
            tell(e, "was fenced off, and no newer token had been seen");
    }

    void tell(const history_event& e, const std::string& what)
    {
        const auto* const by = calls_.at(e.op);
        const bool other = newest_ != nullptr && newest_->op != e.op;
        found_.broken(key_.key, "an effect of " + in_words(*by) + " " + what,
                      stories({by, other ? calls_.at(newest_->op) : nullptr}, {&e, other ? newest_ : nullptr}));
    }

    const key_history& key_;
    const attempts_by_op calls_;
    rule_findings& found_;
    event_ref newest_ = nullptr;      ///< the first accepted effect of the newest token
    std::int64_t newest_reader_ = 0;  ///< the newest token of an accepted effect of a reader
};

}  // namespace

void late_effects_are_fenced(const history_index& h, const judge_options&, rule_findings& found)
{
    for (const auto& [name, k] : h.keys)
        resource_log{k, found}.read();
}

void tokens_are_unique(const history_index& h, const judge_options&, rule_findings& found)
{
    for (const auto& [name, k] : h.keys) {
        found.judged(static_cast<std::int64_t>(k.by_token.size()));
        for (std::size_t i = 1; i < k.by_token.size(); ++i)
            if (k.by_token[i - 1]->token() == k.by_token[i]->token() && !share_a_turn(*k.by_token[i - 1], *k.by_token[i]))
                found.broken(
                    name, in_words(*k.by_token[i - 1]) + " and " + in_words(*k.by_token[i]) + " were granted with one token",
                    stories({k.by_token[i - 1], k.by_token[i]}));
    }
}

}  // namespace turnstile::inline v0::testing
