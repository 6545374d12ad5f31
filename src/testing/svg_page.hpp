// A page of SVG: the few shapes that a timeline takes.
#pragma once

#include <sstream>
#include <string>
#include <string_view>

namespace turnstile::inline v0::testing {

class svg_page {
public:
    svg_page();

    void text(double x, double y, std::string_view words, const char* colour, double size, const char* weight = "400",
              const char* anchor = "start");
    void line(double x1, double y1, double x2, double y2, const char* colour, double thickness = 1);
    /// At least so wide that it is seen. An edge is dashed.
    void box(double from, double y, double to, double height, const char* fill, const char* edge = "");
    void dot(double x, double y, double radius, const char* colour);
    void cross(double x, double y, double radius, const char* colour);

    std::string finish(double width, double height) const;

private:
    std::ostringstream shapes_;
};

}  // namespace turnstile::inline v0::testing
