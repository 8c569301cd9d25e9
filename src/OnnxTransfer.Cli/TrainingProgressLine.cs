using OnnxTransfer.Training;

namespace OnnxTransfer.Cli;

/// <summary>How far a training has come: drawn over and over when a person watches, a plain line every ten seconds when not.</summary>
internal sealed class TrainingProgressLine(Terminal terminal) : IDisposable
{
    private long _last = Environment.TickCount64;
    private bool _drawn;

    public void Report(TrainingProgress progress)
    {
        if (Environment.TickCount64 - _last < (terminal.IsWatched ? 200 : 10_000))
        {
            return;
        }

        _last = Environment.TickCount64;
        var validation = double.IsNaN(progress.Validation) ? "" : FormattableString.Invariant($", validation {progress.Validation:g4}");
        var line = FormattableString.Invariant($"epoch {progress.Epoch + 1} of {progress.Epochs}, {progress.Rows}/{progress.Total} rows, loss {progress.Loss:g4}{validation}");
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
