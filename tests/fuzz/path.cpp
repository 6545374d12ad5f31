// Paths: accepted exactly when they are good, taken apart and joined without loss, and any text is encoded so that it stays
// one component.
#include "property.hpp"

#include <turnstile/path.hpp>

#include <algorithm>
#include <optional>
#include <string>

namespace turnstile::fuzz {

namespace {

bool good_component(std::string_view c)
{
    const auto control = [](char ch) { return static_cast<unsigned char>(ch) < 0x20 || ch == 0x7f; };
    return !c.empty() && c.size() <= path_component_max && c != "." && c != ".." &&
           std::none_of(c.begin(), c.end(), control);
}

/// The rule once more, said in another way than in src/path.cpp.
bool good(std::string_view path, bool prefix)
{
    if (path == "/")
        return true;
    if (path.empty() || path.front() != '/' || path.size() > path_length_max)
        return false;
    auto components = split(path.substr(1), '/');
    if (prefix && components.back().empty())
        components.pop_back();
    return std::all_of(components.begin(), components.end(), good_component);
}

void check_checks(std::string_view path)
{
    const auto ec = check_path(path);
    require(!ec || ec == errc::bad_path, "a bad path is a bad path");
    require(!ec == good(path, false), "good paths pass, and no others");
    require(!check_path(path, true) == good(path, true), "good prefixes pass, and no others");
    require(ec || !check_path(path, true), "a good path is a good prefix");
}

void check_parts(std::string_view path)
{
    const auto parent = parent_path(path);
    const auto name = path_name(path);
    if (check_path(path) || path == "/")
        return;
    require(!check_path(parent), "the parent of a good path is one");
    require(good_component(name), "a good path has a good name");
    require(join_path(parent, name) == path, "parent and name make the path again");
    const auto longer = join_path(path, "x");
    require(parent_path(longer) == path && path_name(longer) == "x", "a joined path comes apart again");
}

std::string decoded(std::string_view text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out.push_back(text[i]);
            continue;
        }
        require(i + 2 < text.size(), "an encoded byte has two digits");
        out.push_back(static_cast<char>(std::stoi(std::string{text.substr(i + 1, 2)}, nullptr, 16)));
        i += 2;
    }
    return out;
}

std::optional<std::string> encoded(std::string_view text)
{
    try {
        return encode_component(text);
    } catch (const error& e) {
        require(e.code() == errc::bad_argument, "what cannot be encoded is a bad argument");
        return std::nullopt;
    }
}

void check_encoding(std::string_view text)
{
    const auto component = encoded(text);
    if (!component) {
        require(text.empty() || text.size() > path_component_max / 3, "a short text can be encoded");
        return;
    }
    require(component->find('/') == std::string::npos, "what is encoded has no slash");
    require(!check_path("/" + *component), "what is encoded is a good component");
    require(decoded(*component) == text, "what is encoded can be decoded");
}

}  // namespace

}  // namespace turnstile::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto text = turnstile::fuzz::text_of(data, size);
    turnstile::fuzz::check_checks(text);
    turnstile::fuzz::check_checks("/" + std::string{text});
    turnstile::fuzz::check_parts(text);
    turnstile::fuzz::check_encoding(text);
    return 0;
}
