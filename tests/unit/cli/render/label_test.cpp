#include "cli/render/label.h"

#include "tests/support/catch.h"

using model::OutputStream;

TEST_CASE("lines get their rank, also when they come in pieces") {
  render::Labels labels;
  CHECK(labels.take(0, OutputStream::out, "he").empty());
  CHECK(labels.take(1, OutputStream::out, "one\ntw") == "1: one\n");
  CHECK(labels.take(0, OutputStream::out, "llo\n") == "0: hello\n");
  CHECK(labels.take(1, OutputStream::out, "o\n\n") == "1: two\n1: \n");
}

TEST_CASE("the streams of a rank are apart, and unfinished lines are ended") {
  render::Labels labels;
  CHECK(labels.take(3, OutputStream::out, "out").empty());
  CHECK(labels.take(3, OutputStream::err, "err").empty());
  CHECK(labels.finish(OutputStream::err) == "3: err\n");
  CHECK(labels.finish(OutputStream::out) == "3: out\n");
  CHECK(labels.finish(OutputStream::out).empty());
}

TEST_CASE("a line without end is passed on in pieces") {
  render::Labels labels;
  const std::string piece(1 << 16, 'x');
  CHECK(labels.take(0, OutputStream::out, piece) == "0: " + piece + "\n");
}
