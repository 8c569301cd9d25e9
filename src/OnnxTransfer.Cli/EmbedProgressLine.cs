using OnnxTransfer.Embeddings;

namespace OnnxTransfer.Cli;

/// <summary>
/// How far embedding is: one line drawn over and over when a person watches, a plain line every ten seconds when not.
/// </summary>
internal sealed class EmbedProgressLine(Terminal terminal) : IProgress<EmbedProgress>, IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private TimeSpan _last;
    private bool _ended;

    public void Report(EmbedProgress value)
    {
        lock (_lock)
        {
            if (_ended || (!terminal.IsWatched && value.Elapsed - _last < Pause))
            {
                return;
            }

            _last = value.Elapsed;
            var left = value.Left is { } time ? $", {Told(time)} left" : "";
            var line = $"{value.Done}/{value.Images} images, {value.ImagesPerSecond:0} images/s{left}, {value.Failed} failed";
            if (terminal.IsWatched)
            {
                terminal.Error.Write($"\r{line,-79}");
            }
            else
            {
                terminal.Say(line);
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (!_ended && terminal.IsWatched && _last > TimeSpan.Zero)
            {
                terminal.Error.Write($"\r{"",-79}\r");
            }

            _ended = true;
        }
    }

    private static string Told(TimeSpan time) => time.TotalHours >= 1 ? $"{time:h\\:mm\\:ss}" : $"{time:m\\:ss}";
}
