using OnnxTransfer.Embeddings;

namespace OnnxTransfer.Cli;

/// <summary>How far embedding is; reported from several threads.</summary>
internal sealed class EmbedProgressLine(Terminal terminal) : IProgress<EmbedProgress>, IDisposable
{
    private readonly Lock _lock = new();
    private readonly DrawnLine _line = new(terminal);
    private bool _ended;

    public void Report(EmbedProgress value)
    {
        lock (_lock)
        {
            if (_ended || !_line.IsDue)
            {
                return;
            }

            var left = value.Left is { } time ? $", {Told(time)} left" : "";
            _line.Draw($"{value.Done}/{value.Images} images, {value.ImagesPerSecond:0} images/s{left}, {value.Failed} failed");
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _line.Dispose();
            _ended = true;
        }
    }

    private static string Told(TimeSpan time) => time.TotalHours >= 1 ? $"{time:h\\:mm\\:ss}" : $"{time:m\\:ss}";
}
