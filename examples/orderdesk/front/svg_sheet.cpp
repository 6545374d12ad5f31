#include "svg_sheet.hpp"

#include <iomanip>

namespace orderdesk {

namespace {

constexpr double character = 6.6;  // of a label, on the average

std::string escaped(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '&':
                out += "&amp;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

}  // namespace

double width_of_label(std::string_view text) { return character * static_cast<double>(text.size()); }

svg_sheet::svg_sheet() { shapes_ << std::fixed << std::setprecision(1); }

void svg_sheet::text(double x, double y, std::string_view what, std::string_view colour, std::string_view more, double size)
{
    shapes_ << "<text x=\"" << x << "\" y=\"" << y << "\" font-size=\"" << size << "\" fill=\"" << colour << "\" " << more
            << ">" << escaped(what) << "</text>\n";
}

void svg_sheet::box(double x, double y, double w, double h, std::string_view fill, std::string_view more)
{
    shapes_ << "<rect x=\"" << x << "\" y=\"" << y << "\" width=\"" << w << "\" height=\"" << h << "\" fill=\"" << fill
            << "\" " << more << "/>\n";
}

void svg_sheet::line(double x1, double y1, double x2, double y2, std::string_view colour, std::string_view more)
{
    shapes_ << "<line x1=\"" << x1 << "\" y1=\"" << y1 << "\" x2=\"" << x2 << "\" y2=\"" << y2 << "\" stroke=\"" << colour
            << "\" " << more << "/>\n";
}

void svg_sheet::circle(double x, double y, double radius, std::string_view fill, std::string_view more)
{
    shapes_ << "<circle cx=\"" << x << "\" cy=\"" << y << "\" r=\"" << radius << "\" fill=\"" << fill << "\" " << more
            << "/>\n";
}

void svg_sheet::row_name(double y, std::string_view name)
{
    text(left - 14, y, name, colour::ink, "text-anchor=\"end\" font-weight=\"600\"", 13);
}

std::string svg_sheet::page(double height, std::string_view title, std::string_view subtitle,
                            std::string_view definitions) const
{
    svg_sheet head;
    head.text(24, 38, title, colour::ink, "font-weight=\"700\"", 20);
    head.text(24, 62, subtitle, colour::faint, {}, 13.5);
    std::ostringstream svg;
    svg << std::fixed << std::setprecision(1) << "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " << width << " "
        << height << "\" width=\"" << width << "\" height=\"" << height
        << "\" font-family=\"Inter, 'Segoe UI', 'DejaVu Sans', Helvetica, Arial, sans-serif\">\n"
        << definitions << "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
        << head.shapes_.str() << behind_ << shapes_.str() << "</svg>\n";
    return svg.str();
}

}  // namespace orderdesk
