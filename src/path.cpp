#include <turnstile/path.hpp>

namespace turnstile::inline v0 {

namespace {

bool component_ok(std::string_view c) noexcept
{
    if (c.empty() || c.size() > path_component_max || c == "." || c == "..")
        return false;
    for (const char ch : c) {
        const auto byte = static_cast<unsigned char>(ch);
        if (byte < 0x20 || byte == 0x7f)
            return false;
    }
    return true;
}

}  // namespace

error_code check_path(std::string_view path, bool prefix_of_sequential) noexcept
{
    if (path.empty() || path.front() != '/' || path.size() > path_length_max)
        return errc::bad_path;
    if (path == "/")
        return {};
    path.remove_prefix(1);
    while (true) {
        const auto slash = path.find('/');
        if (slash == std::string_view::npos)
            return (prefix_of_sequential && path.empty()) || component_ok(path) ? error_code{} : error_code{errc::bad_path};
        if (!component_ok(path.substr(0, slash)))
            return errc::bad_path;
        path.remove_prefix(slash + 1);
    }
}

std::string join_path(std::string_view parent, std::string_view name)
{
    std::string joined;
    joined.reserve(parent.size() + 1 + name.size());
    if (parent != "/")
        joined.append(parent);
    joined.append("/").append(name);
    return joined;
}

std::string_view parent_path(std::string_view path) noexcept
{
    const auto slash = path.rfind('/');
    if (slash == std::string_view::npos || path.size() <= 1)
        return {};
    return slash == 0 ? path.substr(0, 1) : path.substr(0, slash);
}

std::string_view path_name(std::string_view path) noexcept { return path.substr(path.rfind('/') + 1); }

std::vector<std::string> path_prefixes(std::string_view path)
{
    std::vector<std::string> prefixes;
    if (path == "/")
        return prefixes;
    for (auto end = path.find('/', 1); end != std::string_view::npos; end = path.find('/', end + 1))
        prefixes.emplace_back(path.substr(0, end));
    prefixes.emplace_back(path);
    return prefixes;
}

std::string encode_component(std::string_view text)
{
    static constexpr std::string_view hex = "0123456789ABCDEF";
    // "." and ".." must not come out as themselves.
    const bool only_dots = text.find_first_not_of('.') == std::string_view::npos;
    std::string encoded;
    encoded.reserve(text.size());
    for (const char ch : text) {
        const bool plain = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '-' ||
                           ch == '_' || (ch == '.' && !only_dots);
        if (plain) {
            encoded.push_back(ch);
        } else {
            const auto byte = static_cast<unsigned char>(ch);
            encoded.append({'%', hex[byte >> 4U], hex[byte & 15U]});
        }
    }
    if (encoded.empty() || encoded.size() > path_component_max)
        throw error{errc::bad_argument, "encode_component", {}, "a name takes 1 to 255 bytes when encoded"};
    return encoded;
}

}  // namespace turnstile::inline v0
