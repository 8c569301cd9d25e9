using OnnxTransfer.Heads;

namespace OnnxTransfer.Cli;

/// <summary>How far a fit is.</summary>
internal sealed class FitProgressLine(Terminal terminal) : IDisposable
{
    private readonly DrawnLine _line = new(terminal);

    public void Report(FitProgress progress)
    {
        if (_line.IsDue)
        {
            _line.Draw(double.IsNaN(progress.Objective) ? progress.Stage : $"{progress.Stage}: iteration {progress.Iteration}, objective {progress.Objective:g6}");
        }
    }

    public void Dispose() => _line.Dispose();
}
