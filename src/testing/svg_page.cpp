#include "svg_page.hpp"

#include <algorithm>
#include <iomanip>

namespace turnstile::inline v0::testing {

namespace {

std::string escaped(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '&')
            out += "&amp;";
        else if (static_cast<unsigned char>(c) >= ' ')
            out += c;
    }
    return out;
}

}  // namespace

svg_page::svg_page() { shapes_ << std::fixed << std::setprecision(1); }

void svg_page::text(double x, double y, std::string_view words, const char* colour, double size, const char* weight,
                    const char* anchor)
{
    shapes_ << "<text x=\"" << x << "\" y=\"" << y << "\" fill=\"" << colour << "\" font-size=\"" << size
            << "\" font-weight=\"" << weight << "\" text-anchor=\"" << anchor << "\">" << escaped(words) << "</text>\n";
}

void svg_page::line(double x1, double y1, double x2, double y2, const char* colour, double thickness)
{
    shapes_ << "<line x1=\"" << x1 << "\" y1=\"" << y1 << "\" x2=\"" << x2 << "\" y2=\"" << y2 << "\" stroke=\"" << colour
            << "\" stroke-width=\"" << thickness << "\"/>\n";
}

void svg_page::box(double from, double y, double to, double height, const char* fill, const char* edge)
{
    shapes_ << "<rect x=\"" << from << "\" y=\"" << y << "\" width=\"" << std::max(to - from, 1.5) << "\" height=\""
            << height << "\" fill=\"" << fill << "\"";
    if (*edge != '\0')
        shapes_ << " stroke=\"" << edge << "\" stroke-dasharray=\"4 3\"";
    shapes_ << "/>\n";
}

void svg_page::dot(double x, double y, double radius, const char* colour)
{
    shapes_ << "<circle cx=\"" << x << "\" cy=\"" << y << "\" r=\"" << radius << "\" fill=\"" << colour
            << "\" stroke=\"#fff\" stroke-width=\"1.5\"/>\n";
}

void svg_page::cross(double x, double y, double radius, const char* colour)
{
    for (const auto* halo_then_colour : {"#fff", colour}) {
        const double thickness = halo_then_colour == colour ? 2.5 : 5;
        line(x - radius, y - radius, x + radius, y + radius, halo_then_colour, thickness);
        line(x - radius, y + radius, x + radius, y - radius, halo_then_colour, thickness);
    }
}

std::string svg_page::finish(double width, double height) const
{
    std::ostringstream svg;
    svg << std::fixed << std::setprecision(0) << "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " << width << ' '
        << height << "\" width=\"" << width << "\" height=\"" << height
        << "\" font-family=\"DejaVu Sans, Helvetica, Arial, sans-serif\">\n"
        << "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
        << shapes_.str() << "</svg>\n";
    return svg.str();
}

}  // namespace turnstile::inline v0::testing
