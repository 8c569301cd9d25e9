using System.Runtime.Intrinsics;

namespace OnnxTransfer.Training;

/// <summary>Log loss of one class of k: log(sum of exp(outputs)) - the output of the row's label.</summary>
/// <param name="labels">The class of every row, 0 to k - 1.</param>
/// <param name="classes">k.</param>
internal sealed class SoftmaxLoss(int[] labels, int classes) : ILabelLoss
{
    public int Outputs => classes;

    public bool IsExclusive => true;

    public double Apply(int row, Span<double> outputs)
    {
        double largest = double.NegativeInfinity;
        foreach (double output in outputs)
        {
            largest = Math.Max(largest, output);
        }

        int label = labels[row];
        double labelled = outputs[label] - largest, sum = 0;
        int c = 0;
        for (; c + 4 <= outputs.Length; c += 4)
        {
            var powers = Vector256.Exp(Vector256.Create<double>(outputs[c..]) - Vector256.Create(largest));
            powers.CopyTo(outputs[c..]);
            sum += Vector256.Sum(powers);
        }

        for (; c < outputs.Length; c++)
        {
            outputs[c] = Math.Exp(outputs[c] - largest);
            sum += outputs[c];
        }

        double share = 1 / sum;
        for (c = 0; c < outputs.Length; c++)
        {
            outputs[c] *= share;
        }

        outputs[label] -= 1;
        return Math.Log(sum) - labelled;
    }

    public void Answer(int row, Span<byte> answer)
    {
        answer.Clear();
        answer[labels[row]] = 1;
    }
}
