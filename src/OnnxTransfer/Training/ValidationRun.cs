using OnnxTransfer.Onnx;
using OnnxTransfer.Training.Losses;

namespace OnnxTransfer.Training;

/// <summary>The mean loss of rows by a network that predicts, without label smoothing, summed in float64.</summary>
internal sealed class ValidationRun
{
    private readonly RowOutputs _outputs;
    private readonly GraphLoss _loss;
    private readonly int _width;

    /// <summary>Prepares for rows.</summary>
    /// <param name="rows">At least one.</param>
    /// <param name="loss">What is made small.</param>
    /// <param name="width">k targets a row.</param>
    /// <param name="batch">The most rows in memory at once.</param>
    /// <param name="settings">Where it runs.</param>
    public ValidationRun(ITrainingRows rows, GraphLoss loss, int width, int batch, TrainingSettings settings) =>
        (_outputs, _loss, _width) = (new(rows, width, batch, settings), loss.Smoothed(0), width);

    /// <summary>The weighted mean loss of all rows.</summary>
    public double Loss(OnnxModel network, CancellationToken cancellation)
    {
        double sum = 0, total = 0;
        _outputs.Visit(
            network,
            (outputs, targets, weights) =>
            {
                for (int i = 0; i < weights.Length; i++)
                {
                    sum += weights[i] * _loss.Of(outputs.Slice(i * _width, _width), targets.Slice(i * _width, _width));
                    total += weights[i];
                }
            },
            cancellation);
        return sum / total;
    }
}
