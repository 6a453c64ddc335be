#include "lib/model/rank_lines.h"

#include <string>

#include "tests/support/catch.h"

using model::Labels;
using model::OutputStream;
using model::RankLines;

TEST_CASE("lines get their rank, also when they come in pieces") {
  RankLines lines(Labels::rank);
  CHECK(lines.take(0, OutputStream::out, "he").empty());
  CHECK(lines.take(1, OutputStream::out, "one\ntw") == "1: one\n");
  CHECK(lines.take(0, OutputStream::out, "llo\n") == "0: hello\n");
  CHECK(lines.take(1, OutputStream::out, "o\n\n") == "1: two\n1: \n");
}

TEST_CASE("lines of ranks do not mix without labels either") {
  RankLines lines(Labels::none);
  CHECK(lines.take(0, OutputStream::out, "zero").empty());
  CHECK(lines.take(1, OutputStream::out, "one\n\ntwo") == "one\n\n");
  CHECK(lines.take(0, OutputStream::out, "\n") == "zero\n");
  CHECK(lines.finish(OutputStream::out) == "two");
  CHECK_FALSE(lines.holds_pieces());
}

TEST_CASE("the streams of a rank are apart, and unfinished lines are ended") {
  RankLines lines(Labels::rank);
  CHECK(lines.take(3, OutputStream::out, "out").empty());
  CHECK(lines.take(3, OutputStream::err, "err").empty());
  CHECK(lines.finish(OutputStream::err) == "3: err\n");
  CHECK(lines.finish(OutputStream::out) == "3: out\n");
  CHECK(lines.finish(OutputStream::out).empty());
}

TEST_CASE("a prompt is seen before its line ends") {
  RankLines lines(Labels::none);
  CHECK(lines.take(0, OutputStream::out, "name?").empty());
  CHECK(lines.holds_pieces());
  CHECK(lines.take_overdue(OutputStream::out).empty());  // it may go on at once
  CHECK(lines.take_overdue(OutputStream::err).empty());
  CHECK(lines.take(0, OutputStream::out, " ").empty());
  CHECK(lines.take_overdue(OutputStream::out) == "name? ");
  CHECK_FALSE(lines.holds_pieces());
  CHECK(lines.take_overdue(OutputStream::out).empty());
}

TEST_CASE("a labelled piece waits for the end of its line") {
  RankLines lines(Labels::rank);
  CHECK(lines.take(0, OutputStream::out, "name?").empty());
  CHECK_FALSE(lines.holds_pieces());
  CHECK(lines.take_overdue(OutputStream::out).empty());
  CHECK(lines.take_overdue(OutputStream::out).empty());
  CHECK(lines.take(0, OutputStream::out, "\n") == "0: name?\n");
}

TEST_CASE("a line without end is passed on in pieces") {
  const std::string piece(1 << 16, 'x');
  RankLines labelled(Labels::rank);
  CHECK(labelled.take(0, OutputStream::out, piece) == "0: " + piece + "\n");
  RankLines plain(Labels::none);
  CHECK(plain.take(0, OutputStream::out, piece + "\n") == piece + "\n");
  CHECK(plain.take(0, OutputStream::out, piece) == piece);
}
