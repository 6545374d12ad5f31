// A sheet of SVG, as wide as all pictures of the desk: a title, and the few shapes that they are drawn with. (That of the
// test kit's own pictures is inside the kit: an example has what a user has.)
#pragma once

#include <sstream>
#include <string>
#include <string_view>

namespace orderdesk {

/// The colours that all pictures share.
namespace colour {
inline constexpr auto ink = "#1f2933";
inline constexpr auto faint = "#6b7785";
inline constexpr auto axis = "#9aa5b1";
inline constexpr auto red = "#c81e1e";
inline constexpr auto green = "#0b7a4b";
inline constexpr auto blue = "#1d6fb8";
}  // namespace colour

/// On the average, in pixels.
double width_of_label(std::string_view text);

class svg_sheet {
public:
    // Pixels.
    static constexpr double width = 1180;
    static constexpr double left = 110;
    static constexpr double right = 30;
    static constexpr double label_size = 11.5;

    svg_sheet();

    /// `more`: further attributes, here and below.
    void text(double x, double y, std::string_view what, std::string_view colour = colour::ink, std::string_view more = {},
              double size = label_size);
    void box(double x, double y, double w, double h, std::string_view fill, std::string_view more = {});
    void line(double x1, double y1, double x2, double y2, std::string_view colour, std::string_view more = {});
    void circle(double x, double y, double radius, std::string_view fill, std::string_view more = {});
    /// Left of the axis.
    void row_name(double y, std::string_view name);

    /// For what has a shape of its own.
    std::ostream& raw() noexcept { return shapes_; }
    /// Everything of the other one stands behind what is here.
    void put_behind(const svg_sheet& other) { behind_ += other.shapes_.str(); }

    /// `definitions`: of patterns.
    std::string page(double height, std::string_view title, std::string_view subtitle,
                     std::string_view definitions = {}) const;

private:
    std::string behind_;
    std::ostringstream shapes_;
};

}  // namespace orderdesk
