#include <turnstile/recipes/turn_executor.hpp>

#include <boost/asio/strand.hpp>

namespace turnstile::inline v0::detail {

owner_id owner_on(const boost::asio::any_io_executor& executor)
{
    namespace asio = boost::asio;
    if (const auto* in_turn = executor.target<turn_executor>())
        return in_turn->owner();
    // while_held runs what it is given in a strand: the turn's own, and perhaps others inside it.
    if (const auto* strand = executor.target<asio::strand<turn_executor>>())
        return strand->get_inner_executor().owner();
    if (const auto* strand = executor.target<asio::strand<asio::any_io_executor>>())
        return owner_on(strand->get_inner_executor());
    return {};
}

}  // namespace turnstile::inline v0::detail
