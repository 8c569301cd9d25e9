namespace OnnxTransfer.Training;

/// <summary>The sum of k log losses, one for each label that a row may have beside others: log(1 + exp(output)) - output where it has it.</summary>
/// <param name="labelSets">The labels of every row, each 0 to k - 1.</param>
/// <param name="labels">k.</param>
internal sealed class SigmoidLoss(int[][] labelSets, int labels) : ILabelLoss
{
    public int Outputs => labels;

    public bool IsExclusive => false;

    public double Apply(int row, Span<double> outputs)
    {
        double loss = 0;
        foreach (int label in labelSets[row])
        {
            loss -= outputs[label];
        }

        for (int c = 0; c < outputs.Length; c++)
        {
            double power = Math.Exp(-Math.Abs(outputs[c])); // at most 1: nothing overflows
            loss += Math.Max(outputs[c], 0) + double.LogP1(power);
            outputs[c] = (outputs[c] >= 0 ? 1 : power) / (1 + power);
        }

        foreach (int label in labelSets[row])
        {
            outputs[label] -= 1;
        }

        return loss;
    }

    public void Answer(int row, Span<byte> answer)
    {
        answer.Clear();
        foreach (int label in labelSets[row])
        {
            answer[label] = 1;
        }
    }
}
