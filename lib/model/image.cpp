#include "lib/model/image.h"

#include <algorithm>
#include <array>
#include <utility>

#include "lib/base/check.h"
#include "lib/base/text.h"

namespace model {

namespace {

constexpr std::array<std::pair<ContainerRuntime, std::string_view>, 5> runtime_names{
    {{ContainerRuntime::automatic, "auto"},
     {ContainerRuntime::bubblewrap, "bubblewrap"},
     {ContainerRuntime::charliecloud, "charliecloud"},
     {ContainerRuntime::apptainer, "apptainer"},
     {ContainerRuntime::podman, "podman"}}};

constexpr std::string_view registry_scheme = "docker://";
constexpr std::array<std::string_view, 2> archive_schemes{"oci-archive:", "docker-archive:"};
constexpr std::array<std::string_view, 3> file_suffixes{".sif", ".sqfs", ".squashfs"};
constexpr std::array<std::string_view, 5> tar_suffixes{".tar", ".tar.gz", ".tgz", ".tar.xz",
                                                       ".tar.zst"};
constexpr std::size_t longest_reference = 2048;

template <std::size_t N>
bool ends_with_one(std::string_view text, const std::array<std::string_view, N>& suffixes) {
  return std::ranges::any_of(suffixes, [&](auto suffix) { return text.ends_with(suffix); });
}

bool is_of_registry(std::string_view name) {
  const auto is_known = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._-/:@").contains(c);
  };
  return !name.empty() && std::ranges::all_of(name, is_known) && name.front() != '-' &&
         name.front() != '/' && name.front() != '.';
}

std::unexpected<base::Error> odd(std::string_view reference) {
  return base::fail(
      base::Code::invalid,
      "'" + base::printable(reference, 300) +
          "' is no image; expected /FOLDER with an unpacked root file system, "
          "/FILE.tar with one, /FILE.sif, oci-archive:/FILE, docker-archive:/FILE, or "
          "docker://NAME:TAG of a registry");
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < ' '; });
}

}  // namespace

std::string_view to_text(ContainerRuntime runtime) {
  for (const auto& [candidate, name] : runtime_names) {
    if (candidate == runtime) return name;
  }
  base::check(false, "every runtime has a name");
  return {};
}

std::optional<ContainerRuntime> container_runtime_from_text(std::string_view text) {
  for (const auto& [runtime, name] : runtime_names) {
    if (name == text) return runtime;
  }
  return std::nullopt;
}

ImageKind kind_of(std::string_view reference) {
  if (std::ranges::any_of(archive_schemes, [&](auto s) { return reference.starts_with(s); }))
    return ImageKind::archive;
  if (!reference.starts_with('/')) return ImageKind::registry;
  if (ends_with_one(reference, file_suffixes)) return ImageKind::file;
  return ends_with_one(reference, tar_suffixes) ? ImageKind::tar : ImageKind::folder;
}

std::string path_of(std::string_view reference) {
  for (const auto scheme : archive_schemes) {
    if (reference.starts_with(scheme)) reference.remove_prefix(scheme.size());
  }
  return reference.starts_with('/') ? std::string(reference) : std::string();
}

base::Result<void> check(const Image& image) {
  const std::string_view reference = image.reference;
  if (reference.empty()) return {};
  if (reference.size() > longest_reference || has_control(reference)) return odd(reference);
  if (kind_of(reference) == ImageKind::registry) {
    const bool has_scheme = reference.starts_with(registry_scheme);
    if (!is_of_registry(reference.substr(has_scheme ? registry_scheme.size() : 0)))
      return odd(reference);
  } else if (path_of(reference).empty() || path_of(reference) == "/") {
    return odd(reference);
  }
  const bool has_auth = !image.auth.empty();
  if (has_auth && (!image.auth.starts_with('/') || has_control(image.auth))) {
    return base::fail(base::Code::invalid, "the file with credentials is '" +
                                               base::printable(image.auth, 300) +
                                               "'; expected an absolute path");
  }
  if (image.time_limit <= base::Duration())
    return base::fail(base::Code::invalid, "--image-timeout is a time above 0s");
  return {};
}

}  // namespace model
