using OnnxTransfer.Training;

namespace OnnxTransfer.Cli;

/// <summary>How far a training is, and the time left: drawn over and over when a person watches, a plain line every ten seconds when not.</summary>
internal sealed class TuneProgressLine(Terminal terminal) : IDisposable
{
    private long _begun = -1;
    private double _doneAtBegin;
    private long _last;
    private bool _drawn;

    public void Report(TrainingProgress progress)
    {
        long now = Environment.TickCount64;
        double done = progress.Epoch + ((double)progress.Rows / progress.Total);
        if (_begun < 0)
        {
            (_begun, _last, _doneAtBegin) = (now, now, done); // a run that goes on begins in the middle
            return;
        }

        if (now - _last < (terminal.IsWatched ? 200 : 10_000))
        {
            return;
        }

        _last = now;
        var left = TimeSpan.FromMilliseconds((now - _begun) / Math.Max(1e-9, done - _doneAtBegin) * (progress.Epochs - done));
        var line = FormattableString.Invariant($"epoch {progress.Epoch + 1}/{progress.Epochs}, {progress.Rows}/{progress.Total} rows, loss {progress.Loss:g4}")
            + (double.IsNaN(progress.Validation) ? "" : FormattableString.Invariant($", validation {progress.Validation:g4}"))
            + $", {(left.TotalHours >= 1 ? $"{left:h\\:mm\\:ss}" : $"{left:m\\:ss}")} left";
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
