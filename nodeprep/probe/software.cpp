#include "nodeprep/probe/software.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <utility>

#include "lib/base/text.h"
#include "lib/loop/files.h"
#include "lib/loop/folder.h"

namespace probe {

namespace {

constexpr std::size_t text_limit = std::size_t{64} << 10;
constexpr std::size_t cache_limit = std::size_t{16} << 20;
constexpr std::size_t program_limit = std::size_t{16} << 20;
constexpr int entry_limit = 1 << 16;  // of a folder
constexpr std::int64_t highest_part = 9999;

/// What libmpi.so.40.MINOR of Open MPI is of.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> open_mpi_releases{
    {{"00", "3.0"}, {"10", "3.1"}, {"20", "4.0"}, {"30", "4.1"}, {"40", "5.0"}}};

bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

/// The numbers of a version that is all of the text.
std::optional<std::vector<std::int64_t>> version_numbers(std::string_view text) {
  std::vector<std::int64_t> all;
  for (const auto part : base::split(text, '.')) {
    const auto number = base::parse_int(part, 0, highest_part);
    if (!number || !is_digit(part.front())) return std::nullopt;
    all.push_back(*number);
  }
  return all;
}

std::string first_two(const std::vector<std::int64_t>& parts) {
  return parts.size() < 2 ? "" : std::to_string(parts[0]) + "." + std::to_string(parts[1]);
}

/// "13.0.48" of "libcudart.so.13.0.48".
std::string_view after(std::string_view text, std::string_view start) {
  return text.starts_with(start) ? text.substr(start.size()) : std::string_view();
}

std::string_view name_of(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

std::string content(const std::string& path, std::size_t limit) {
  return loop::read_file(path, limit).value_or(std::string());
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  const loop::Folder open(opendir(folder.c_str()));
  if (!open) return names;
  for (int i = 0; i < entry_limit; ++i) {
    const auto* entry = readdir(open.get());
    if (entry == nullptr) break;
    names.emplace_back(entry->d_name);
  }
  return names;
}

struct Free {
  void operator()(char* text) const { std::free(text); }
};

/// Where its links lead to, as the name of a file.
std::string real_name(const std::string& path) {
  const std::unique_ptr<char, Free> real(realpath(path.c_str(), nullptr));
  return real ? std::string(name_of(real.get())) : std::string();
}

/// Not a script that stands for a program, and may have none to start.
bool is_binary(const std::string& path) {
  constexpr std::string_view magic = "\177ELF";
  std::array<char, magic.size()> start{};
  std::ifstream(path, std::ios::binary).read(start.data(), start.size());
  return std::string_view(start.data(), start.size()) == magic;
}

class Finder {
 public:
  Finder(std::string root, const std::string& path)
      : root_(std::move(root)), cache_(content(root_ + "/etc/ld.so.cache", cache_limit)) {
    for (const auto folder : base::split(path, ':')) {
      if (!folder.empty()) folders_.push_back(root_ + std::string(folder));
    }
  }

  std::vector<std::string> all() {
    add("nvidia-driver-",
        driver_version(content(root_ + "/proc/driver/nvidia/version", text_limit)));
    add_cuda();
    for (const auto& library : cached_libraries(cache_, "libmpi.so."))
      add("openmpi-", open_mpi_version(real_name(root_ + library)));
    for (const auto& library : cached_libraries(cache_, "libpmix.so."))
      add("pmix-", pmix_version(content(root_ + library, program_limit)));
    add_programs();
    return std::move(found_);
  }

 private:
  void add(const char* name, const std::string& version) {
    if (!version.empty()) found_.push_back(name + version);
  }

  void add_cuda() {
    for (const auto& library : cached_libraries(cache_, "libcudart.so."))
      add("cuda-", cudart_version(real_name(root_ + library)));
    const auto local = root_ + "/usr/local";
    for (const auto& name : names_in(local)) {
      if (!name.starts_with("cuda")) continue;
      const auto folder = local + "/" + name;
      auto version = toolkit_version(content(folder + "/version.json", text_limit));
      if (version.empty()) version = toolkit_version(content(folder + "/version.txt", text_limit));
      const bool has_compiler = access((folder + "/bin/nvcc").c_str(), X_OK) == 0;
      if (version.empty() && has_compiler) version = version_in(after(name, "cuda-"));
      add("cuda-", version);
    }
  }

  void add_programs() {
    for (const auto& folder : folders_) {
      for (const auto& name : names_in(folder)) {
        const bool is_python = name.starts_with("python");
        if (!is_python && name != "mpiexec.hydra") continue;
        const auto program = folder + "/" + name;
        if (access(program.c_str(), X_OK) != 0) continue;
        if (!is_python) add("mpich-", mpich_version(content(program, program_limit)));
        if (const auto version = version_numbers(after(name, "python"));
            is_python && version && version->size() == 2 && is_binary(program))
          add("python-", first_two(*version));
      }
    }
  }

  std::string root_;
  std::string cache_;
  std::vector<std::string> folders_;
  std::vector<std::string> found_;
};

}  // namespace

std::vector<std::string> software_features(const std::string& root, const std::string& path) {
  return Finder(root, path).all();
}

std::string version_in(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!is_digit(text[at]) || (at > 0 && (is_digit(text[at - 1]) || text[at - 1] == '.')))
      continue;
    auto word = text.substr(at);
    word = word.substr(0, word.find_first_not_of("0123456789."));
    while (word.ends_with('.')) word.remove_suffix(1);
    if (const auto version = version_numbers(word); version && version->size() > 1)
      return first_two(*version);
  }
  return {};
}

std::string driver_version(std::string_view text) {
  const auto module = text.find("Kernel Module");
  if (module == std::string_view::npos) return {};
  const auto line = text.substr(module, text.find('\n', module) - module);
  const auto version = version_in(line);
  return version.substr(0, version.find('.'));
}

std::string toolkit_version(std::string_view text) {
  if (const auto old = text.find("CUDA Version "); old != std::string_view::npos)
    return version_in(text.substr(old));
  const auto part = text.find("\"cuda\"");
  if (part == std::string_view::npos) return {};
  const auto version = text.find("\"version\"", part);
  const auto end = text.find('}', part);
  return version < end ? version_in(text.substr(version, end - version)) : std::string();
}

std::string cudart_version(std::string_view file) {
  const auto version = version_numbers(after(file, "libcudart.so."));
  return version && version->size() > 2 ? first_two(*version) : std::string();
}

std::string open_mpi_version(std::string_view file) {
  const auto parts = base::split(after(file, "libmpi.so.40."), '.');
  const auto known = std::ranges::find(open_mpi_releases, parts.front(),
                                       &std::pair<std::string_view, std::string_view>::first);
  return known == open_mpi_releases.end() ? std::string() : std::string(known->second);
}

std::string pmix_version(std::string_view library) {
  constexpr std::string_view start = "OpenPMIx ";
  for (auto at = library.find(start); at != std::string_view::npos;
       at = library.find(start, at + 1)) {
    const auto text = library.substr(at + start.size(), 16);
    if (!text.empty() && is_digit(text.front())) return version_in(text);
  }
  return {};
}

std::string mpich_version(std::string_view program) {
  if (program.find("Intel(R)") != std::string_view::npos) return {};
  constexpr std::size_t longest = 12;
  constexpr std::int64_t oldest = 3;  // MVAPICH2, which has a program of this name, counts from 2
  for (const auto text : base::split(program, '\0')) {
    if (text.empty() || text.size() > longest || !is_digit(text.front())) continue;
    const auto version = version_numbers(text);
    if (version && version->size() == 3 && version->front() >= oldest) return first_two(*version);
  }
  return {};
}

std::vector<std::string> cached_libraries(std::string_view cache, std::string_view library) {
  std::vector<std::string> paths;
  for (const auto text : base::split(cache, '\0')) {
    if (text.starts_with('/') && name_of(text).starts_with(library)) paths.emplace_back(text);
  }
  return paths;
}

}  // namespace probe
