using OnnxTransfer.Heads;

namespace OnnxTransfer.Cli;

/// <summary>How far a fit is: drawn over and over when a person watches, a plain line every ten seconds when not.</summary>
internal sealed class FitProgressLine(Terminal terminal) : IDisposable
{
    private long _last = Environment.TickCount64;
    private bool _drawn;

    public void Report(FitProgress progress)
    {
        var pause = terminal.IsWatched ? 200 : 10_000;
        if (Environment.TickCount64 - _last < pause)
        {
            return;
        }

        _last = Environment.TickCount64;
        var line = double.IsNaN(progress.Objective) ? progress.Stage : $"{progress.Stage}: iteration {progress.Iteration}, objective {progress.Objective:g6}";
        if (terminal.IsWatched)
        {
            terminal.Error.Write($"\r{line,-79}");
            _drawn = true;
        }
        else
        {
            terminal.Say(line);
        }
    }

    public void Dispose()
    {
        if (_drawn)
        {
            terminal.Error.Write($"\r{"",-79}\r");
            _drawn = false;
        }
    }
}
