#include "lib/loop/file_watch.h"

#include <sys/stat.h>

#include <array>
#include <optional>
#include <utility>

#include "lib/base/text.h"
#include "lib/loop/handle.h"
#include "lib/loop/loop.h"
#include "lib/loop/timer.h"

namespace loop {

struct FileWatch::State {
  using Seen = std::array<std::int64_t, 5>;  // device, inode, size, time of change; all 0: no file

  State(Loop& loop, std::string p) : path(std::move(p)), tick(Timer(loop, [this] { look(); })) {}

  uv_fs_event_t event{};
  std::string path;
  std::optional<Timer> tick;
  Seen seen{};
  std::function<void()> on_change;
  bool is_closing = false;

  Seen stat_file() const;
  void look();
};

FileWatch::State::Seen FileWatch::State::stat_file() const {
  struct stat found{};
  if (stat(path.c_str(), &found) != 0) {
    return {};
  }
  return {static_cast<std::int64_t>(found.st_dev), static_cast<std::int64_t>(found.st_ino),
          found.st_size, found.st_mtim.tv_sec, found.st_mtim.tv_nsec};
}

void FileWatch::State::look() {
  const Seen current = stat_file();
  if (is_closing || current == seen) {
    return;
  }
  seen = current;
  const auto callback = on_change;
  callback();
}

void FileWatch::Close::operator()(State* state) const noexcept {
  state->is_closing = true;
  state->tick.reset();
  close_and_free(state, &state->event);
}

FileWatch::FileWatch(State* state) : state_(state) {}

base::Result<FileWatch> FileWatch::open(Loop& loop, const std::string& path,
                                        std::function<void()> on_change) {
  auto* state = new State(loop, path);
  uv_fs_event_init(loop.raw(), &state->event);
  FileWatch watch(state);
  state->event.data = state;
  state->on_change = std::move(on_change);
  const auto slash = path.rfind('/');
  const std::string folder = slash == path.npos ? "." : path.substr(0, slash + 1);
  // The folder is watched, not the file, so that one that appears or is replaced is noticed.
  const auto changed = [](uv_fs_event_t* event, const char* name, int, int) noexcept {
    auto* owner = static_cast<State*>(event->data);
    if (name == nullptr || owner->path.ends_with(name)) {
      owner->look();
    }
  };
  const int status = uv_fs_event_start(&state->event, changed, folder.c_str(), 0);
  // Where the user has no watches left, once a second has to do.
  const bool is_scarce = status == UV_ENOSPC || status == UV_EMFILE;
  if (status < 0 && !is_scarce) {
    return std::unexpected(
        uv_error(status, "cannot watch the folder '" + base::printable(folder, 4096) + "'"));
  }
  state->seen = state->stat_file();
  state->tick->start_repeating(std::chrono::seconds(1));
  return watch;
}

}  // namespace loop
