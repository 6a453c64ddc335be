#include "lib/model/array.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "lib/base/text.h"

namespace model {

namespace {

using base::Code;
using base::fail;
using base::printable;

constexpr int highest_index = IndexSet::limit - 1;

struct Range {
  int first = 0;
  int last = 0;
  int step = 1;

  int count() const { return (last - first) / step + 1; }
};

std::unexpected<base::Error> no_list(std::string_view part) {
  return fail(Code::invalid, fmt::format("'{}' is not a list of tasks; expected numbers and ranges "
                                         "such as 0-99, 1-10:2 or 1,3,5-7",
                                         printable(part)));
}

base::Result<int> read_index(std::string_view text, std::string_view part) {
  const auto number = base::parse_int(text, 0, INT64_MAX);
  if (!number) return no_list(part);
  if (*number > highest_index) {
    return fail(Code::invalid, fmt::format("'{}' has the index {}; the highest that can be is {}",
                                           printable(part), *number, highest_index));
  }
  return static_cast<int>(*number);
}

base::Result<int> read_step(std::string_view text, std::string_view part) {
  const auto step = base::parse_int(text, 0, highest_index);
  if (step && *step > 0) return static_cast<int>(*step);
  return fail(Code::invalid, fmt::format("'{}' has the step '{}'; expected a number from 1 to {}",
                                         printable(part), printable(text), highest_index));
}

base::Result<Range> read_range(std::string_view part) {
  const auto colon = part.find(':');
  const auto bounds = part.substr(0, colon);
  const auto dash = bounds.find('-');
  Range range;
  const auto first = read_index(bounds.substr(0, dash), part);
  if (!first) return std::unexpected(first.error());
  range.first = range.last = *first;
  if (dash == std::string_view::npos)
    return colon == std::string_view::npos ? base::Result<Range>(range) : no_list(part);
  const auto last = read_index(bounds.substr(dash + 1), part);
  if (!last) return std::unexpected(last.error());
  range.last = *last;
  if (range.last < range.first) {
    return fail(Code::invalid, fmt::format("'{}' goes backwards; expected {}-{}", printable(part),
                                           range.last, range.first));
  }
  if (colon == std::string_view::npos) return range;
  const auto step = read_step(part.substr(colon + 1), part);
  if (!step) return std::unexpected(step.error());
  range.step = *step;
  return range;
}

base::Result<void> add(const Range& range, std::string_view part, IndexSet& tasks) {
  if (range.count() > Array::most_tasks) {
    const auto last =
        std::int64_t{range.first} + std::int64_t{range.step} * (Array::most_tasks - 1);
    const auto step = range.step > 1 ? fmt::format(":{}", range.step) : "";
    return fail(
        Code::invalid,
        fmt::format("'{}' has {} tasks; the most that one array can have is {}, as in "
                    "{}-{}{}",
                    printable(part), range.count(), Array::most_tasks, range.first, last, step));
  }
  if (range.step == 1) {
    tasks |= IndexSet::range(range.first, range.last - range.first + 1);
  } else {
    for (int i = range.first; i <= range.last; i += range.step) tasks.add(i);
  }
  return {};
}

/// Writes runs, and single numbers at even distances as one range with a step.
class Writer {
 public:
  void add(Range run) {
    if (run.first == run.last && extend(run.first)) return;
    write();
    open_ = run;
  }

  std::string take() {
    write();
    return std::move(text_);
  }

 private:
  bool extend(int index) {
    if (!open_) return false;
    const bool is_one = open_->first == open_->last;
    const bool goes_on = open_->step > 1 && index - open_->last == open_->step;
    if (!is_one && !goes_on) return false;
    open_->step = index - open_->last;
    open_->last = index;
    return true;
  }

  void write() {
    if (!open_) return;
    if (!text_.empty()) text_ += ',';
    const bool is_pair = open_->step > 1 && open_->last == open_->first + open_->step;
    text_ += fmt::format("{}", open_->first);
    if (open_->last != open_->first) text_ += fmt::format("{}{}", is_pair ? "," : "-", open_->last);
    if (open_->step > 1 && !is_pair) text_ += fmt::format(":{}", open_->step);
    open_.reset();
  }

  std::string text_;
  std::optional<Range> open_;
};

}  // namespace

std::string to_text(const ArrayTask& task) {
  return fmt::format("{}_{}", to_text(task.array), task.index);
}

JobId task_job(JobId array, const IndexSet& tasks, int index) {
  return JobId(array.number() + 1 + static_cast<std::uint32_t>(tasks.count_below(index)));
}

std::string ranges_text(const IndexSet& tasks) {
  Writer writer;
  for (auto run = tasks.run_from(0); run; run = tasks.run_from(run->last + 1))
    writer.add({.first = run->first, .last = run->last});
  return writer.take();
}

std::string to_text(const Array& array) {
  const auto tasks = ranges_text(array.tasks);
  return array.most_running ? fmt::format("{}%{}", tasks, *array.most_running) : tasks;
}

base::Result<IndexSet> tasks_from_text(std::string_view text) {
  IndexSet tasks;
  if (text.empty()) return tasks;
  for (const auto part : base::split(text, ',')) {
    const auto range = read_range(part);
    if (!range) return std::unexpected(range.error());
    if (auto added = add(*range, part, tasks); !added) return std::unexpected(added.error());
  }
  return tasks;
}

base::Result<Array> array_from_text(std::string_view text) {
  const auto percent = text.find('%');
  if (percent == 0 || text.empty()) return no_list(text);
  auto tasks = tasks_from_text(text.substr(0, percent));
  if (!tasks) return std::unexpected(tasks.error());
  if (tasks->count() > Array::most_tasks) {
    return fail(Code::invalid,
                fmt::format("'{}' has {} tasks; the most that one array can have is {}",
                            printable(text), tasks->count(), Array::most_tasks));
  }
  Array array{.tasks = std::move(*tasks), .most_running = {}};
  if (percent == std::string_view::npos) return array;
  const auto limit = text.substr(percent + 1);
  const auto number = base::parse_int(limit, 1, Array::most_tasks);
  if (!number) {
    return fail(Code::invalid,
                fmt::format("'%{}' is not how many tasks may run at a time; expected %1 to %{}",
                            printable(limit), Array::most_tasks));
  }
  array.most_running = static_cast<int>(*number);
  return array;
}

}  // namespace model
