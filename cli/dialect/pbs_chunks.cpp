#include "cli/dialect/pbs_chunks.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/dialect/pbs_resources.h"
#include "lib/base/text.h"

namespace dialect {

namespace {

std::unexpected<base::Error> wrong(std::string_view part, std::string_view expected) {
  return base::fail(base::Code::invalid,
                    fmt::format("expected {}, found '{}'", expected, base::printable(part)));
}

/// "ncpus=8" in two.
std::pair<std::string_view, std::string_view> key_of(std::string_view part) {
  const auto equals = part.find('=');
  if (equals == std::string_view::npos) return {part, {}};
  return {part.substr(0, equals), part.substr(equals + 1)};
}

base::Result<void> read_count(std::string_view part, std::string_view text, std::int64_t least,
                              std::int64_t& target) {
  const auto number = base::parse_int(text, least, most_of_anything);
  if (!number)
    return wrong(part, fmt::format("a whole number from {} to {}", least, most_of_anything));
  target = *number;
  return {};
}

base::Result<void> read_memory(std::string_view part, std::string_view text, PbsChunk& chunk) {
  chunk.memory = pbs_size(text);
  if (!chunk.memory) return wrong(part, "a size such as 4gb");
  return {};
}

base::Result<void> read_threads(std::string_view part, std::string_view text, PbsChunks& all) {
  std::int64_t threads = 0;
  if (auto read = read_count(part, text, 1, threads); !read) return read;
  all.threads = threads;
  return {};
}

/// One part of a chunk of select=, behind the number of chunks.
base::Result<void> read_part(std::string_view part, PbsChunk& chunk, bool& has_tasks,
                             PbsChunks& all) {
  const auto [key, value] = key_of(part);
  if (key == "ncpus") {
    all.has_cores = true;
    return read_count(part, value, 0, chunk.cores);
  }
  if (key == "ngpus" || key == "naccelerators") return read_count(part, value, 0, chunk.gpus);
  if (key == "mem") return read_memory(part, value, chunk);
  if (key == "ompthreads") return read_threads(part, value, all);
  if (key == "mpiprocs") {
    has_tasks = true;
    return read_count(part, value, 0, chunk.tasks);
  }
  if (key == "host" || key == "vnode") {
    all.hosts.emplace_back(value);
  } else {
    all.unknown.emplace_back(part);
  }
  return {};
}

base::Result<PbsChunk> read_select(std::string_view text, PbsChunks& all) {
  PbsChunk chunk;
  bool has_tasks = false;
  bool is_first = true;
  for (const auto part : base::split(text, ':')) {
    if (part.empty()) return wrong(text, "chunks such as 2:ncpus=8:mpiprocs=4");
    if (is_first && !part.contains('=')) {
      if (auto read = read_count(part, part, 1, chunk.count); !read)
        return std::unexpected(read.error());
    } else if (auto read = read_part(part, chunk, has_tasks, all); !read) {
      return std::unexpected(read.error());
    }
    is_first = false;
  }
  chunk.tasks = std::max<std::int64_t>(1, chunk.tasks);
  chunk.cores = std::max<std::int64_t>(has_tasks ? chunk.tasks : 1, chunk.cores);
  return chunk;
}

base::Result<PbsChunk> read_nodes(std::string_view text, PbsChunks& all) {
  PbsChunk chunk;
  const auto parts = base::split(text, ':');
  if (const auto count = base::parse_int(parts[0], 1, most_of_anything)) {
    chunk.count = *count;
  } else if (parts[0].empty() || parts[0].contains('=')) {
    return wrong(text, "nodes such as 2:ppn=8 or n1:ppn=8");
  } else {
    all.hosts.emplace_back(parts[0]);
  }
  for (const auto part : std::span(parts).subspan(1)) {
    const auto [key, value] = key_of(part);
    base::Result<void> read;
    if (key == "ppn") {
      read = read_count(part, value, 1, chunk.tasks);
    } else if (key == "gpus") {
      read = read_count(part, value, 0, chunk.gpus);
    } else {
      all.unknown.emplace_back(part);
    }
    if (!read) return std::unexpected(read.error());
  }
  chunk.cores = chunk.tasks;
  return chunk;
}

base::Result<PbsChunks> read_chunks(std::string_view text,
                                    base::Result<PbsChunk> (*read)(std::string_view, PbsChunks&)) {
  PbsChunks all;
  for (const auto part : base::split(text, '+')) {
    auto chunk = read(part, all);
    if (!chunk) return std::unexpected(chunk.error());
    all.chunks.push_back(*chunk);
  }
  return all;
}

}  // namespace

base::Result<PbsChunks> select_from_text(std::string_view text) {
  return read_chunks(text, read_select);
}

base::Result<PbsChunks> nodes_from_text(std::string_view text) {
  const auto mark = text.find('#');
  auto all = read_chunks(text.substr(0, mark), read_nodes);
  if (all && mark != std::string_view::npos) all->is_exclusive = text.substr(mark) == "#excl";
  return all;
}

}  // namespace dialect
