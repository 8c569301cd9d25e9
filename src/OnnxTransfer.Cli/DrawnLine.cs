namespace OnnxTransfer.Cli;

/// <summary>A line that tells how far long work is: drawn over and over when a person watches, a line of its own each time when not.</summary>
internal sealed class DrawnLine(Terminal terminal) : IDisposable
{
    private const int Width = 79;
    private static readonly TimeSpan Watched = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Logged = TimeSpan.FromSeconds(10);

    private long _last = Environment.TickCount64;
    private bool _drawn;

    /// <summary>Whether enough time has passed since the last one: a fifth of a second when watched, ten seconds when not.</summary>
    public bool IsDue => Environment.TickCount64 - _last >= (terminal.IsWatched ? Watched : Logged).TotalMilliseconds;

    public void Draw(string text)
    {
        _last = Environment.TickCount64;
        if (terminal.IsWatched)
        {
            terminal.Error.Write($"\r{text,-Width}");
            _drawn = true;
        }
        else
        {
            terminal.Say(text);
        }
    }

    /// <summary>Clears what was drawn.</summary>
    public void Dispose()
    {
        if (_drawn)
        {
            terminal.Error.Write($"\r{"",-Width}\r");
            _drawn = false;
        }
    }
}
