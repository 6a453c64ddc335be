#include "launcher/exec/stack_saver.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <string_view>
#include <utility>

#include "launcher/exec/child.h"
#include "launcher/exec/proc_file.h"
#include "launcher/exec/rank_processes.h"
#include "launcher/map/hang_report.h"
#include "lib/base/text.h"
#include "lib/loop/folder.h"
#include "lib/loop/loop.h"

namespace exec {

namespace {

constexpr std::size_t most_tools = 4;  // at once
constexpr std::size_t most_bytes = std::size_t{256} << 10;
constexpr base::Duration tool_limit = std::chrono::seconds(10);
constexpr base::Duration whole_limit = std::chrono::seconds(30);
constexpr base::Duration look_interval = std::chrono::milliseconds(20);

/// Command lines that print the stacks of all threads of a process, the best first.
std::array<std::vector<std::string>, 2> tools_for(pid_t pid) {
  const auto number = std::to_string(pid);
  return {std::vector<std::string>{"gdb", "-batch", "-nx", "-iex", "set auto-load off", "-iex",
                                   "set debuginfod enabled off", "-ex", "thread apply all bt 64",
                                   "-p", number},
          std::vector<std::string>{"eu-stack", "-n", "64", "-p", number}};
}

std::string field_of(std::string_view status, std::string_view name) {
  const auto at = status.find(name);
  if (at == std::string_view::npos) return {};
  const auto rest = status.substr(at + name.size());
  return std::string(base::trim(rest.substr(0, rest.find('\n'))));
}

/// "  thread 812, sleep: S (sleeping), in the kernel in hrtimer_nanosleep".
std::string thread_text(const std::string& folder, std::string_view number) {
  const auto status = read_proc(folder + "/status").value_or("");
  const auto where = read_proc(folder + "/wchan").value_or("");
  std::string text = "  thread " + std::string(number) + ", " + field_of(status, "Name:") + ": " +
                     field_of(status, "\nState:");
  if (!where.empty() && where != "0") text += ", in the kernel in " + where;
  return text + "\n";
}

/// The kernel's part of the stack, where it gives it.
std::string stack_in_kernel(const std::string& folder, std::string_view number) {
  std::string text;
  for (const auto line : base::split(read_proc(folder + "/stack").value_or(""), '\n')) {
    if (!line.empty()) text += "    " + std::string(line) + "\n";
  }
  return text.empty() ? text : "  thread " + std::string(number) + " in the kernel:\n" + text;
}

template <class Describe>
std::string of_threads(pid_t pid, Describe describe) {
  const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
  const loop::Folder folder(opendir(tasks.c_str()));
  std::string text;
  while (const dirent* entry = folder ? readdir(folder.get()) : nullptr) {
    if (entry->d_name[0] == '.') continue;
    text += describe(tasks + "/" + entry->d_name, entry->d_name);
  }
  return text;
}

}  // namespace

StackSaver::StackSaver(loop::Loop& loop, std::vector<std::vector<pid_t>> groups, std::string path,
                       Events events)
    : loop_(loop),
      path_(std::move(path)),
      events_(std::move(events)),
      nothing_(open("/dev/null", O_RDONLY | O_CLOEXEC)),
      n_groups_(groups.size()),
      timer_(loop, [this] { go_on(); }) {
  for (std::size_t group = 0; group < groups.size(); ++group) {
    for (const pid_t pid : groups[group]) {
      const auto head = process_text(pid) + ":\n" + of_threads(pid, thread_text);
      processes_.push_back({.pid = pid, .group = group, .text = head});
    }
  }
  timer_.start_repeating(look_interval);
}

void StackSaver::go_on() {
  for (auto& tool : tools_) {
    if (tool->output->has_ended() || tool->since.so_far() > tool_limit) end(*tool);
  }
  std::erase_if(tools_, [](const auto& tool) { return tool->pid == 0; });
  if (since_.so_far() > whole_limit) return finish();
  while (next_ < processes_.size() && tools_.size() < most_tools) {
    if (start(next_++)) continue;
    processes_[next_ - 1].text += "  no stack: neither gdb nor eu-stack is in PATH\n";
    next_ = processes_.size();
  }
  if (tools_.empty()) finish();
}

/// False when there is no tool.
bool StackSaver::start(std::size_t process) {
  auto tool = std::make_unique<Tool>();
  tool->process = process;
  auto output = OutputPipe::open(loop_, [raw = tool.get()](std::string_view bytes) {
    if (raw->printed.size() < most_bytes) raw->printed += bytes;
  });
  if (!output) return false;
  for (auto& arguments : tools_for(processes_[process].pid)) {
    Command command{.arguments = std::move(arguments),
                    .environment = {{"PATH", path_}, {"LC_ALL", "C.UTF-8"}},
                    .directory = "/",
                    .input = nothing_.get(),
                    .output = output->writer(),
                    .error = output->writer()};
    const auto pid = start_process(command);
    if (!pid) continue;
    output->close_writer();
    tool->pid = *pid;
    tool->output = std::make_unique<OutputPipe>(std::move(*output));
    events_.started(*pid);
    tools_.push_back(std::move(tool));
    return true;
  }
  return false;
}

void StackSaver::end(Tool& tool) {
  const bool is_late = !tool.output->has_ended();
  if (is_late) kill(tool.pid, SIGKILL);
  tool.pid = 0;
  take_frames(tool);
  if (is_late)
    processes_[tool.process].text +=
        "  the debugger was ended after " + base::to_text(tool_limit) + "\n";
}

void StackSaver::take_frames(const Tool& tool) {
  auto& process = processes_[tool.process];
  const auto lines = mapping::stack_lines(tool.printed);
  process.has_frames = !lines.empty();
  process.text += lines;
  if (const auto why = mapping::why_no_frames(tool.printed); !process.has_frames && !why.empty())
    process.text += "  no stack: " + why + "\n";
}

void StackSaver::finish() {
  for (auto& tool : tools_) {
    kill(tool->pid, SIGKILL);
    take_frames(*tool);
  }
  tools_.clear();
  timer_.stop();
  std::vector<std::string> texts(n_groups_);
  for (const auto& process : processes_) {
    texts[process.group] += process.text;
    if (!process.has_frames) texts[process.group] += of_threads(process.pid, stack_in_kernel);
  }
  for (auto& text : texts) {
    if (text.size() > most_bytes) text = text.substr(0, most_bytes) + "\n...\n";
  }
  const auto done = std::move(events_.done);
  done(std::move(texts));
}

}  // namespace exec
