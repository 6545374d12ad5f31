// A process that holds a lock and says on each line of input whether it may still write: for a test that freezes it.
#include <turnstile/blocking.hpp>
#include <turnstile/recipes/mutex.hpp>

#include <iostream>
#include <string>

int main(int argc, char** argv)
{
    using namespace turnstile;
    using namespace std::chrono_literals;
    if (argc != 3) {
        std::cerr << "usage: frozen_holder SERVERS PATH\n";
        return 2;
    }
    session_options o{argv[1]};
    o.session_timeout = 1s;
    const blocking::session s{o};
    const lease held = s.wait(mutex{s, argv[2]}.acquire(20s));
    std::cout << "held" << std::endl;
    for (std::string question; std::getline(std::cin, question);)
        std::cout << (held.held() ? "held" : "lost") << std::endl;
}
