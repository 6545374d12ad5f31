#include "conversation.hpp"

#include "frames.hpp"

#include <utility>

namespace turnstile::inline v0::testing {

namespace {

bool means(proxy_opcode which, proxy_opcode what)
{
    if (which == proxy_opcode::any)
        return what != proxy_opcode::ping && what != proxy_opcode::connect;
    return which == what;
}

}  // namespace

bool armed_cuts::strikes(moment when, proxy_opcode what)
{
    for (auto& c : cuts_)
        if (c.when == when && means(c.which, what))
            --c.left;
    return std::erase_if(cuts_, [](const cut& c) { return c.left <= 0; }) > 0;
}

bool conversation::cuts_request(std::string_view frame)
{
    const auto what = opcode_of(frame);
    ++counters_.requests;
    ++counters_.requests_by_opcode[what];
    if (cuts_.strikes(armed_cuts::moment::request_arrives, what))
        return true;

    const bool doomed = cuts_.strikes(armed_cuts::moment::reply_arrives, what);
    if (!std::exchange(greeted_, true))
        doomed_greeting_ = doomed;
    else if (const auto request = request_of(frame))
        open_.emplace(request->xid, doomed);
    return false;
}

bool conversation::cuts_reply(std::string_view frame)
{
    ++counters_.replies;
    if (!std::exchange(answered_, true))
        return doomed_greeting_;
    const auto xid = reply_xid_of(frame);
    const auto request = xid ? open_.find(*xid) : open_.end();
    if (request == open_.end())
        return false;  // an event
    const bool doomed = request->second;
    open_.erase(request);
    return doomed;
}

proxy_opcode conversation::opcode_of(std::string_view frame) const
{
    if (!greeted_)
        return proxy_opcode::connect;
    const auto request = request_of(frame);
    return request ? static_cast<proxy_opcode>(request->opcode) : proxy_opcode::any;
}

}  // namespace turnstile::inline v0::testing
