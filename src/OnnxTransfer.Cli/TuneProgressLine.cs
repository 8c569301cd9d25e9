using OnnxTransfer.Training;

namespace OnnxTransfer.Cli;

/// <summary>How far a training is, and the time left.</summary>
internal sealed class TuneProgressLine(Terminal terminal) : IDisposable
{
    private readonly DrawnLine _line = new(terminal);
    private long _begun = -1;
    private double _doneAtBegin;

    public void Report(TrainingProgress progress)
    {
        long now = Environment.TickCount64;
        double done = progress.Epoch + ((double)progress.Rows / progress.Total);
        if (_begun < 0)
        {
            (_begun, _doneAtBegin) = (now, done); // a run that goes on begins in the middle
            return;
        }

        if (!_line.IsDue)
        {
            return;
        }

        var left = TimeSpan.FromMilliseconds((now - _begun) / Math.Max(1e-9, done - _doneAtBegin) * (progress.Epochs - done));
        _line.Draw(FormattableString.Invariant($"epoch {progress.Epoch + 1}/{progress.Epochs}, {progress.Rows}/{progress.Total} rows, loss {progress.Loss:g4}")
            + (double.IsNaN(progress.Validation) ? "" : FormattableString.Invariant($", validation {progress.Validation:g4}"))
            + $", {(left.TotalHours >= 1 ? $"{left:h\\:mm\\:ss}" : $"{left:m\\:ss}")} left");
    }

    public void Dispose() => _line.Dispose();
}
