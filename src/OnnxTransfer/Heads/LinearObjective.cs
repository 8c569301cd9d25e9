using OnnxTransfer.Numerics;
using OnnxTransfer.Training;

namespace OnnxTransfer.Heads;

/// <summary>
/// The weighted mean over rows of a loss of the scores W z + b, plus L2/2 ||W||², by a loss engine; z the standardised
/// embedding. Parameters: m x D weights, then m biases. Beside what engines do, the loss is another from evaluation to
/// evaluation, and may make further sums over the rows. Evaluations follow one another; they never overlap.
/// </summary>
internal sealed class LinearObjective : IRowLoss, IDisposable
{
    private readonly LossProblem _problem;
    private readonly ILossEngine _engine;
    private RowLoss? _loss;      // of the evaluation under way
    private double[] _sums = []; // N x _further: every row's share of the further sums
    private int _further;

    /// <param name="rows">N x D embeddings.</param>
    /// <param name="weights">N weights, or none where all are 1.</param>
    /// <param name="outputs">m, the number of scores.</param>
    /// <param name="standardisation">Of the rows.</param>
    /// <param name="threads">Threads to work on; no result depends on it.</param>
    public LinearObjective(IRows rows, double[] weights, int outputs, Standardisation standardisation, int threads)
    {
        Outputs = outputs;
        _problem = new LossProblem(rows, this, weights, standardisation, threads);
        _engine = LossEngines.Single(_problem);
    }

    /// <summary>The loss of one row, its weight left aside.</summary>
    /// <param name="row">Which row.</param>
    /// <param name="scores">m scores; become the loss's gradient by score.</param>
    /// <param name="sums">Receives the row's share of the further sums, where any are asked for.</param>
    public delegate double RowLoss(int row, Span<double> scores, Span<double> sums);

    /// <summary>m.</summary>
    public int Outputs { get; }

    /// <summary>Number of parameters: m x (D + 1).</summary>
    public int Size => _engine.Size;

    /// <summary>The penalised objective and its gradient.</summary>
    /// <param name="parameters">m x D weights and m biases; more is not looked at.</param>
    /// <param name="loss">Of one row.</param>
    /// <param name="l2">The penalty on the weights; the biases bear none.</param>
    /// <param name="gradient">Receives the gradient of these parameters.</param>
    /// <param name="sums">Receives the weighted means of the further sums; empty: none are made.</param>
    /// <param name="cancellation">Ends the pass.</param>
    public double Evaluate(
        ReadOnlySpan<double> parameters, RowLoss loss, double l2, Span<double> gradient, Span<double> sums, CancellationToken cancellation)
    {
        Begin(loss, sums.Length);
        _engine.L2 = l2;
        double value = _engine.Evaluate(parameters[..Size], gradient[..Size], cancellation);
        sums.Clear();
        for (int i = 0; _further > 0 && i < _problem.Rows.Count; i++)
        {
            DoubleProducts.AddScaled(_problem.Weight(i) / _problem.TotalWeight, _sums.AsSpan(i * _further, _further), sums);
        }

        return value;
    }

    /// <summary>The mean loss alone, without penalty: the score of validation rows.</summary>
    public double Mean(ReadOnlySpan<double> parameters, RowLoss loss, CancellationToken cancellation)
    {
        Begin(loss, 0);
        return _engine.Loss(parameters[..Size], cancellation);
    }

    public void Dispose() => _engine.Dispose();

    double IRowLoss.Apply(int row, Span<double> outputs) => _loss!(row, outputs, _sums.AsSpan(row * _further, _further));

    private void Begin(RowLoss loss, int further)
    {
        (_loss, _further) = (loss, further);
        if (_sums.Length < further * _problem.Rows.Count)
        {
            _sums = new double[checked(further * _problem.Rows.Count)];
        }
    }
}
