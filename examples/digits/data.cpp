#include "examples/digits/data.h"

#include <fmt/format.h>
#include <zlib.h>

#include <array>
#include <cerrno>

#include "lib/base/text.h"

namespace digits {
namespace {

constexpr std::int64_t largest_pixel = 16;

base::Result<void> parse_line(std::string_view line, Digits& into) {
  const auto fields = base::split(line, ',');
  if (fields.size() != n_pixels + 1) {
    return base::fail(
        base::Code::corrupt,
        fmt::format("expected {} pixels and a class, got {} fields", n_pixels, fields.size()));
  }
  for (std::size_t i = 0; i < n_pixels; ++i) {
    const auto pixel = base::parse_int(fields[i], 0, largest_pixel);
    if (!pixel) {
      return base::fail(base::Code::corrupt,
                        fmt::format("pixel {}: expected 0 to {}, got '{}'", i + 1, largest_pixel,
                                    base::printable(fields[i])));
    }
    into.pixels.push_back(static_cast<double>(*pixel) / largest_pixel);
  }
  const auto shown = base::parse_int(fields[n_pixels], 0, n_classes - 1);
  if (!shown) {
    return base::fail(base::Code::corrupt, fmt::format("class: expected 0 to 9, got '{}'",
                                                       base::printable(fields[n_pixels])));
  }
  into.classes.push_back(static_cast<std::uint8_t>(*shown));
  return {};
}

/// The whole content, decompressed when it is gzip; zlib hands plain files through.
base::Result<std::string> read_all(const std::string& path) {
  errno = 0;
  gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) {
    return base::fail_errno(errno, fmt::format("cannot open '{}'", path));
  }
  std::string text;
  std::array<char, 1 << 16> piece;
  int got = 0;
  while ((got = gzread(file, piece.data(), piece.size())) > 0) {
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  // A cut gzip file shows only when the stream is closed.
  const int closed = gzclose(file);
  if (got < 0 || closed != Z_OK) {
    return base::fail(base::Code::corrupt,
                      fmt::format("cannot read '{}': damaged or cut off", path));
  }
  return text;
}

void append(Digits& to, const Digits& from, std::size_t i) {
  const auto image = from.image(i);
  to.pixels.insert(to.pixels.end(), image.begin(), image.end());
  to.classes.push_back(from.classes[i]);
}

}  // namespace

base::Result<Digits> parse_digits(std::string_view text) {
  Digits digits;
  std::size_t n_lines = 0;
  for (const std::string_view line : base::split(text, '\n')) {
    ++n_lines;
    if (base::trim(line).empty()) {
      continue;
    }
    if (auto parsed = parse_line(base::trim(line), digits); !parsed) {
      return std::unexpected(std::move(parsed).error().in(fmt::format("line {}", n_lines)));
    }
  }
  return digits;
}

base::Result<Digits> load_digits(const std::string& path) {
  const auto text = read_all(path);
  if (!text) {
    return std::unexpected(text.error());
  }
  auto digits = parse_digits(*text);
  if (!digits) {
    return std::unexpected(std::move(digits).error().in(path));
  }
  if (digits->size() == 0) {
    return base::fail(base::Code::corrupt, fmt::format("'{}' holds no digits", path));
  }
  return digits;
}

Split hold_out_every_fifth(const Digits& digits) {
  Split split;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    append(i % 5 == 4 ? split.held_out : split.train, digits, i);
  }
  return split;
}

}  // namespace digits
