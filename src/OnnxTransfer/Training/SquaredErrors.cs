namespace OnnxTransfer.Training;

/// <summary>The sum over k outputs of factor x (output - target)².</summary>
/// <param name="targets">N x k targets.</param>
/// <param name="factors">k factors: how much an error of each output counts.</param>
internal sealed class SquaredErrors(double[] targets, double[] factors) : IRowLoss
{
    public int Outputs => factors.Length;

    public double Apply(int row, Span<double> outputs)
    {
        double loss = 0;
        for (int c = 0; c < outputs.Length; c++)
        {
            double error = outputs[c] - targets[(row * factors.Length) + c];
            loss += factors[c] * error * error;
            outputs[c] = 2 * factors[c] * error;
        }

        return loss;
    }
}
