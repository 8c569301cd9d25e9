using System.CommandLine;

namespace OnnxTransfer.Cli;

/// <summary><c>train</c>: embed what is missing, fit a head, measure it, export one file. The work is <see cref="TrainRun"/>'s.</summary>
internal static class TrainCommand
{
    public static Command Create(Terminal terminal)
    {
        var options = new TrainOptions();
        var command = new Command("train", "Train a head: embed what the cache lacks, choose settings on validation, fit, calibrate, measure on test, and export one ONNX file from pixels to answer");
        options.AddTo(command);
        command.SetAction((parsed, cancellation) => Task.Run(new TrainRun(terminal, options, parsed, cancellation).Run, CancellationToken.None));
        return command;
    }
}
