#include "sim/replay/chart.h"

#include <map>

#include "tests/support/catch.h"

using std::chrono::seconds;

namespace {

/// Whether every element that is opened is closed, in order; no attribute has a '<' or '>'.
bool is_well_formed(std::string_view xml) {
  std::vector<std::string_view> open;
  for (std::size_t at = 0; at < xml.size();) {
    if (xml[at] != '<') {
      if (xml[at] == '>') return false;
      ++at;
      continue;
    }
    const auto end = xml.find('>', at);
    if (end == std::string_view::npos) return false;
    const auto tag = xml.substr(at + 1, end - at - 1);
    const auto name = tag.substr(0, tag.find_first_of(" /", 1));
    if (tag.starts_with('/')) {
      if (open.empty() || "/" + std::string(open.back()) != tag) return false;
      open.pop_back();
    } else if (!tag.ends_with('/')) {
      open.push_back(name);
    }
    if (tag.find('<') != std::string_view::npos) return false;
    at = end + 1;
  }
  return open.empty();
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

replay::Workload many_jobs(int n) {
  replay::Workload workload{{1, 10, 0}, {}};
  for (int i = 0; i < n; ++i) {
    workload.jobs.push_back(
        {.id = i, .submit = seconds(97 * i), .run = seconds(50 + i % 700), .cores = 1 + i % 10});
  }
  return workload;
}

std::vector<replay::Span> later(const replay::Workload& workload, int wait_s) {
  std::vector<replay::Span> attempts;
  for (const auto& job : workload.jobs) {
    const auto start = job.submit + seconds(wait_s);
    attempts.push_back({attempts.size(), start, start + job.run});
  }
  return attempts;
}

}  // namespace

TEST_CASE("a chart is one well-formed picture with a line a policy in both panels") {
  const auto workload = many_jobs(40);
  const std::vector<replay::Curve> curves{{"fcfs", later(workload, 60)},
                                          {"sjf", later(workload, 10)}};
  const auto svg = chart_svg(workload, curves, "a <b> & c");
  CHECK(is_well_formed(svg));
  CHECK(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  CHECK(svg.ends_with("</svg>\n"));
  CHECK(count(svg, "<polyline") == 4);
  CHECK(count(svg, ">fcfs</text>") == 1);
  CHECK(count(svg, "a &lt;b&gt; &amp; c") == 2);
  CHECK(count(svg, ">100 %</text>") == 1);
  CHECK(count(svg, ">minutes since the first submission</text>") == 2);
  CHECK(count(svg, "nan") == 0);
  CHECK(count(svg, "inf") == 0);
}

TEST_CASE("a chart of many jobs stays small") {
  const auto workload = many_jobs(20'000);
  const std::vector<replay::Curve> curves(4, {"wfp3", later(workload, 5000)});
  CHECK(chart_svg(workload, curves, "many").size() < 200'000);
}

TEST_CASE("a chart of one job has scales too") {
  const auto workload = many_jobs(1);
  const auto svg = chart_svg(workload, {{{"fcfs", later(workload, 0)}}}, "one");
  CHECK(is_well_formed(svg));
  CHECK(count(svg, "nan") == 0);
}

TEST_CASE("text in XML is escaped, and has no bytes that it may not have") {
  CHECK(replay::xml_text("a<b>&\x01\xff\"") == "a&lt;b&gt;&amp;??\"");
}
