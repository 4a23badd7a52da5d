%% Takes samples when asked to: "name size argument" in, the figure out, one line each.
-module(bench_player).
-export([start/0]).

start() ->
    %% Nobody reads reports here; ours are not written either while somebody listens for crashes.
    logger:set_primary_config(level, none),
    play().

play() ->
    case io:get_line("") of
        eof ->
            halt();
        Line ->
            [Name, Size, Argument] = string:lexemes(Line, " \n"),
            Figure = bench_samples:take(Name, list_to_integer(Size), list_to_integer(Argument)),
            io:format("~p~n", [Figure]),
            play()
    end.
