#include "sim/replay/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "lib/base/check.h"
#include "lib/base/text.h"
#include "sim/replay/series.h"

namespace replay {

namespace {

// In pixels; a panel begins below its title.
constexpr double chart_width = 960;
constexpr double chart_height = 600;
constexpr double left = 70;
constexpr double plot_width = 860;
constexpr double panel_height = 190;
constexpr std::array<double, 2> panel_top{90, 350};
constexpr std::size_t n_parts = 300;
constexpr std::size_t title_limit = 115;
constexpr std::size_t n_time_ticks = 10;
constexpr std::size_t n_value_ticks = 5;

// Told apart by people who are colour-blind too (Okabe and Ito 2008).
constexpr std::array<std::string_view, 7> colors{"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                 "#e69f00", "#56b4e9", "#000000"};

/// The values of an axis, from 0 on.
struct Scale {
  double most = 1;
  double step = 1;
  std::string_view unit;  // behind each number
};

struct Panel {
  double top = 0;
  std::string title;
  Scale scale;
  std::vector<std::vector<double>> lines;
};

class Drawing {
 public:
  Drawing(std::string_view title, base::Duration span) : span_(span) {
    add("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
        "height=\"{1}\" font-family=\"sans-serif\" font-size=\"13\" fill=\"#222\">\n",
        chart_width, chart_height);
    add("<title>{}</title>\n", xml_text(title));
    add("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
    add("<text x=\"{}\" y=\"26\" font-size=\"15\">{}</text>\n", left,
        xml_text(base::printable(title, title_limit)));
  }

  void legend(std::span<const Curve> curves) {
    double x = left;
    for (std::size_t i = 0; i < curves.size(); ++i) {
      add("<path d=\"M{0} 46h24\" stroke=\"{1}\" stroke-width=\"3\"/>"
          "<text x=\"{2}\" y=\"50\">{3}</text>\n",
          x, color(i), x + 30, xml_text(curves[i].name));
      x += 54 + 8.0 * static_cast<double>(curves[i].name.size());
    }
  }

  void panel(const Panel& panel) {
    add("<text x=\"{}\" y=\"{}\" font-weight=\"bold\">{}</text>\n", left, panel.top - 10,
        panel.title);
    value_axis(panel);
    time_axis(panel.top + panel_height);
    for (std::size_t i = 0; i < panel.lines.size(); ++i) line(panel, panel.lines[i], color(i));
  }

  std::string finish() && { return std::move(svg_) + "</svg>\n"; }

 private:
  template <class... T>
  void add(fmt::format_string<T...> format, T&&... values) {
    fmt::format_to(std::back_inserter(svg_), format, std::forward<T>(values)...);
  }

  static std::string_view color(std::size_t i) { return colors[i % colors.size()]; }

  void value_axis(const Panel& panel) {
    const auto& [most, step, unit] = panel.scale;
    for (double value = 0; value <= most; value += step) {
      const double y = panel.top + panel_height * (1 - value / most);
      add("<path d=\"M{} {:.1f}h{}\" stroke=\"#ddd\"/>"
          "<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{:.0f}{}</text>\n",
          left, y, plot_width, left - 8, y + 4, value, unit);
    }
  }

  void time_axis(double y) {
    const auto scale = time_scale(span_, n_time_ticks);
    const auto unit = static_cast<double>(scale.unit_length.count());
    const auto span = static_cast<double>(span_.count());
    add("<path d=\"M{} {}h{}\" stroke=\"#222\"/>\n", left, y, plot_width);
    for (double tick = 0; tick * unit <= span; tick += scale.step) {
      const double x = left + plot_width * tick * unit / span;
      add("<path d=\"M{0:.1f} {1}v5\" stroke=\"#222\"/>"
          "<text x=\"{0:.1f}\" y=\"{2}\" text-anchor=\"middle\">{3:.0f}</text>\n",
          x, y, y + 19, tick);
    }
    add("<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{} since the first submission</text>\n",
        left + plot_width, y + 38, scale.unit);
  }

  /// Through the middle of each part.
  void line(const Panel& panel, const std::vector<double>& values, std::string_view ink) {
    const double part = plot_width / static_cast<double>(values.size());
    add("<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"1.3\" stroke-linejoin=\"round\" "
        "points=\"",
        ink);
    for (std::size_t i = 0; i < values.size(); ++i) {
      add("{:.1f},{:.1f} ", left + part * (static_cast<double>(i) + 0.5),
          panel.top + panel_height * (1 - values[i] / panel.scale.most));
    }
    add("\"/>\n");
  }

  std::string svg_;
  base::Duration span_;
};

Panel utilization_panel(const Workload& workload, std::span<const Curve> curves,
                        base::Duration last_end) {
  const auto& machine = workload.machine;
  const auto n_cores = static_cast<double>(machine.nodes) * machine.cores_per_node;
  Panel panel{.top = panel_top[0], .title = "Utilization", .scale = {100, 25, " %"}, .lines = {}};
  for (const auto& curve : curves) {
    auto line = means(cores_in_use(workload, curve.attempts), workload.jobs.front().submit,
                      last_end, n_parts);
    for (double& value : line) value *= 100 / n_cores;
    panel.lines.push_back(std::move(line));
  }
  return panel;
}

Panel queue_panel(const Workload& workload, std::span<const Curve> curves,
                  base::Duration last_end) {
  Panel panel{.top = panel_top[1], .title = "Queued jobs", .scale = {}, .lines = {}};
  double most = 1;
  for (const auto& curve : curves) {
    panel.lines.push_back(means(jobs_queued(workload, curve.attempts), workload.jobs.front().submit,
                                last_end, n_parts));
    most = std::max(most, std::ranges::max(panel.lines.back()));
  }
  const double step = round_step(most, n_value_ticks);
  panel.scale = {.most = step, .step = step};
  while (panel.scale.most < most) panel.scale.most += step;
  return panel;
}

}  // namespace

std::string xml_text(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '&') {
      result += "&amp;";
    } else if (c == '<') {
      result += "&lt;";
    } else if (c == '>') {
      result += "&gt;";
    } else {
      result += byte < 0x20 || byte >= 0x7f ? '?' : c;
    }
  }
  return result;
}

std::string chart_svg(const Workload& workload, std::span<const Curve> curves,
                      std::string_view title) {
  base::check(!workload.jobs.empty(), "a chart shows a job at least");
  const auto first = workload.jobs.front().submit;
  auto last_end = first + base::Duration(1);
  for (const auto& curve : curves) {
    for (const auto& attempt : curve.attempts) last_end = std::max(last_end, attempt.end);
  }
  Drawing drawing(title, last_end - first);
  drawing.legend(curves);
  drawing.panel(utilization_panel(workload, curves, last_end));
  drawing.panel(queue_panel(workload, curves, last_end));
  return std::move(drawing).finish();
}

}  // namespace replay
