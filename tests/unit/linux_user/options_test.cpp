#include "linux-user/options.h"

#include <gtest/gtest.h>

namespace ferry::linux_user {
namespace {

support::Result<Options> parse(std::vector<std::string> words, std::vector<std::string> variables = {},
                               StartInfo start = {}) {
  words.insert(words.begin(), "ferry");
  std::vector<char*> arguments, environment;
  for (std::string& word : words) arguments.push_back(word.data());
  for (std::string& variable : variables) environment.push_back(variable.data());
  return parse_options(arguments, environment, start);
}

using Words = std::vector<std::string>;

TEST(Options, ProgramAndItsArguments) {
  const auto o = parse({"prog", "-L", "--help", "--"});
  ASSERT_TRUE(o);
  EXPECT_EQ(o->program, "prog");
  EXPECT_EQ(o->arguments, (Words{"-L", "--help", "--"}));
  EXPECT_EQ(o->engine.kind, backend::EngineKind::Auto);
}

TEST(Options, QemuSpellings) {
  const auto o = parse({"-L", "/usr", "-E", "A=1,B=2", "-U", "C", "-0", "zero", "-strace", "-s", "1M", "-cpu",
                        "max", "-p", "4096", "p"});
  ASSERT_TRUE(o) << o.error().message;
  EXPECT_EQ(o->sysroot, "/usr");
  EXPECT_EQ(o->environment_changes, (Words{"A=1", "B=2", "C"}));
  EXPECT_EQ(o->argv0, "zero");
  EXPECT_TRUE(o->strace);
  EXPECT_EQ(o->stack_bytes, 1u << 20);
  EXPECT_EQ(o->program, "p");
}

TEST(Options, LongSpellings) {
  const auto o = parse({"--sysroot=/usr", "--env", "A=b=c", "--engine=baseline", "--disable=chain,passes",
                        "--hot-threshold=7", "--stats", "--", "-p"});
  ASSERT_TRUE(o) << o.error().message;
  EXPECT_EQ(o->sysroot, "/usr");
  EXPECT_EQ(o->environment_changes, Words{"A=b=c"});
  EXPECT_EQ(o->engine.kind, backend::EngineKind::Baseline);
  EXPECT_FALSE(o->engine.chain);
  EXPECT_FALSE(o->engine.optimize);
  EXPECT_TRUE(o->engine.jump_cache);
  EXPECT_EQ(o->engine.hot_threshold, 7u);
  EXPECT_TRUE(o->stats);
  EXPECT_EQ(o->program, "-p");
}

TEST(Options, TheEnvironment) {
  const auto o = parse(
      {"p"}, {"QEMU_LD_PREFIX=/usr", "FERRY_ENGINE=interp", "QEMU_STRACE=0", "FERRY_STATS=1", "HOME=/"});
  ASSERT_TRUE(o) << o.error().message;
  EXPECT_EQ(o->sysroot, "/usr");
  EXPECT_EQ(o->engine.kind, backend::EngineKind::Interp);
  EXPECT_FALSE(o->strace);
  EXPECT_TRUE(o->stats);
}

TEST(Options, OwnVariablesWinOverQemusAndTheCommandLineOverBoth) {
  EXPECT_EQ(parse({"p"}, {"FERRY_SYSROOT=/usr", "QEMU_LD_PREFIX=/etc"})->sysroot, "/usr");
  EXPECT_EQ(parse({"-L", "/var", "p"}, {"FERRY_SYSROOT=/usr"})->sysroot, "/var");
  EXPECT_EQ(parse({"-L", "/", "p"}, {"FERRY_SYSROOT=/usr"})->sysroot, "");
}

TEST(Options, MistakesAreNamed) {
  const auto message = [](Words words, Words variables = {}) {
    const auto o = parse(std::move(words), std::move(variables));
    return o ? std::string("accepted") : o.error().message;
  };
  EXPECT_NE(message({}).find("wants a program"), std::string::npos);
  EXPECT_NE(message({"--nonsense", "p"}).find("--nonsense"), std::string::npos);
  EXPECT_NE(message({"-L"}).find("wants a value"), std::string::npos);
  EXPECT_NE(message({"-L", "/does/not/exist", "p"}).find("wants a directory"), std::string::npos);
  EXPECT_NE(message({"--engine=fast", "p"}).find("interp, baseline, llvm or auto"), std::string::npos);
  EXPECT_NE(message({"-s", "12q", "p"}).find("wants a number"), std::string::npos);
  EXPECT_NE(message({"-s", "99999999999999999999", "p"}).find("wants a number"), std::string::npos);
  EXPECT_NE(message({"-g", "1234", "p"}).find("not there yet"), std::string::npos);
  EXPECT_NE(message({"-E", "=x", "p"}).find("NAME=VALUE"), std::string::npos);
  EXPECT_NE(message({"--stats=1", "p"}).find("takes no value"), std::string::npos);
  EXPECT_NE(message({"p"}, {"FERRY_ENGINE=fast"}).find("FERRY_ENGINE"), std::string::npos);
}

TEST(Options, InheritedArgumentsMakeTheSameOptions) {
  const auto o = parse({"-L", "/usr", "--engine=llvm", "--disable=return-stack", "-d", "ir,asm", "--verify",
                        "--stats", "-strace", "-D", "/tmp/log", "p"});
  ASSERT_TRUE(o) << o.error().message;
  Words words = inherit_arguments(*o);
  words.push_back("p");
  const auto again = parse(words);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->sysroot, "/usr");
  EXPECT_EQ(again->engine.kind, backend::EngineKind::Llvm);
  EXPECT_FALSE(again->engine.return_stack);
  EXPECT_EQ(again->engine.dump, "ir,asm");
  EXPECT_TRUE(again->engine.verify);
  EXPECT_TRUE(again->stats);
  EXPECT_TRUE(again->strace);
  EXPECT_EQ(again->log_file, "/tmp/log");
  EXPECT_EQ(inherit_arguments(*parse({"p"})), Words{});
}

TEST(Options, BinfmtWithArgv0TakesNoOptions) {
  const auto o = parse({"-L", "--help", "x"}, {}, {.preserve_argv0 = true, .exec_fd = 5});
  ASSERT_TRUE(o) << o.error().message;
  EXPECT_EQ(o->program, "-L");
  EXPECT_EQ(o->arguments, (Words{"--help", "x"}));
  EXPECT_TRUE(o->preserve_argv0);
  EXPECT_EQ(o->exec_fd, 5);
}

TEST(Options, GuestEnvironment) {
  Words host{"A=1", "AB=2", "C=3"};
  std::vector<char*> environment;
  for (std::string& variable : host) environment.push_back(variable.data());
  const auto o = parse({"-E", "A=new", "-U", "C", "-E", "D=", "p"});
  ASSERT_TRUE(o);
  EXPECT_EQ(guest_environment(*o, environment), (Words{"AB=2", "A=new", "D="}));
}

TEST(Options, HelpNamesEveryVariable) {
  const std::string help = help_text();
  for (const char* word :
       {"-L, --sysroot=DIR", "FERRY_SYSROOT", "QEMU_LD_PREFIX", "--engine=NAME", "FERRY_ENGINE", "-strace"}) {
    EXPECT_NE(help.find(word), std::string::npos) << word;
  }
  EXPECT_EQ(help.find("exec-path"), std::string::npos) << "for ferry itself only";
}

}  // namespace
}  // namespace ferry::linux_user
